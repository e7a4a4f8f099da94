"""Samples of many questions, in a file that a cut run goes on with."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from app.offline.layout import Question
from app.offline.records import group_of
from app.offline.sampling.endpoint import Endpoint, EndpointDown, Message, Reply

_AHEAD = 4
"""Requests prepared for each that may be under way."""


class Spent(NamedTuple):
    """What sampling has cost so far."""

    samples: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class SampleFile:
    """JSON lines, one sample each, as `assay rescore` reads them; a torn last line of a killed run is cut off."""

    def __init__(self, path: Path, *, restart: bool = False) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.done: set[str] = set()
        if restart:
            path.unlink(missing_ok=True)
        if path.exists():
            self._recover()
        self._file = path.open("ab")

    def _recover(self) -> None:
        whole = 0
        with self.path.open("rb") as file:
            for line in file:
                try:
                    row: Any = msgspec.json.decode(line)
                    if not line.endswith(b"\n"):
                        break
                    self.done.add(str(row["id"]))
                except (ValueError, KeyError, TypeError):
                    break
                whole += len(line)
        os.truncate(self.path, whole)

    def add(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self._file.flush()
        self.done.add(str(row["id"]))

    def close(self) -> None:
        self._file.close()


async def sample(
    endpoint: Endpoint,
    questions: Sequence[Question],
    n: int,
    into: SampleFile,
    *,
    system: str | None = None,
    template: str | None = None,
    concurrency: int = 16,
    progress: Callable[[Spent], None] | None = None,
) -> Spent:
    """n samples of each question, but for those that the file has. A sample that can't be had is left for the next run.

    `template` is the user's message with `{question}` in it. Raises EndpointError where the endpoint refuses for good,
    EndpointDown where not one of a first round of requests was answered.
    """
    spent = Spent()
    missing = (
        (question, number) for question in questions for number in range(n) if _id(question, number) not in into.done
    )

    async def one(question: Question, number: int) -> tuple[Question, int, Reply | EndpointDown]:
        try:
            return question, number, await endpoint.complete(_messages(question, system, template), number)
        except EndpointDown as error:
            return question, number, error

    under_way: set[asyncio.Task[tuple[Question, int, Reply | EndpointDown]]] = set()
    try:
        while True:
            _fill(under_way, missing, one, concurrency * _AHEAD)
            if not under_way:
                return spent
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                question, number, reply = task.result()
                if isinstance(reply, EndpointDown):
                    spent = spent._replace(failed=spent.failed + 1)
                    if not spent.samples and spent.failed >= concurrency:
                        raise reply
                    continue
                into.add(_row(question, number, reply))
                spent = Spent(
                    spent.samples + 1,
                    spent.failed,
                    spent.prompt_tokens + reply.prompt_tokens,
                    spent.completion_tokens + reply.completion_tokens,
                )
            if progress is not None:
                progress(spent)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _fill(under_way: set[Any], missing: Iterator[tuple[Question, int]], one: Any, most: int) -> None:
    for question, number in islice(missing, most - len(under_way)):
        under_way.add(asyncio.create_task(one(question, number)))


def _id(question: Question, number: int) -> str:
    return f"{question.id}/{number}"


def _messages(question: Question, system: str | None, template: str | None) -> list[Message]:
    prompt = template.replace("{question}", question.prompt) if template else question.prompt
    user: Message = {"role": "user", "content": prompt}
    return [{"role": "system", "content": system}, user] if system else [user]


def _row(question: Question, number: int, reply: Reply) -> dict[str, Any]:
    meta = {
        **question.meta,
        "finish_reason": reply.finish_reason,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
    }
    return {
        "id": _id(question, number),
        "group": question.id or group_of(question.prompt),
        "prompt": question.prompt,
        "completion": reply.text,
        "reference": question.reference,
        "meta": meta,
    }
