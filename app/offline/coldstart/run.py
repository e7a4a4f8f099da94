"""From problems to a data set: ask, verify, ask again with what was wrong, keep what holds."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from app.offline.coldstart.problems import Problem
from app.offline.coldstart.teacher import Teacher
from app.offline.engines.base import Engine
from app.offline.sampling.endpoint import EndpointDown
from app.offline.sampling.sampler import SampleFile
from app.offline.verify import verify
from app.rubric import Rubric

_FULL = 1.0
"""`r1-cold-start` gives 1 to a right answer in the right form, and 0 to all else."""


class Count(NamedTuple):
    """How far it is."""

    kept: int = 0
    rejected: int = 0
    """Problems that no try of the teacher got right."""
    retried: int = 0
    failed: int = 0
    """Problems without an answer from the endpoint, left for the next run."""


async def make(
    problems: Iterator[Problem],
    teacher: Teacher,
    engine: Engine,
    rubric: Rubric,
    into: SampleFile,
    *,
    tries: int,
    concurrency: int,
    rejects: SampleFile,
    progress: Callable[[Count], None] | None = None,
) -> Count:
    """SFT rows `{"messages": [user, assistant]}` of all problems that `into` and `rejects` do not have yet."""
    count = Count()
    gate = asyncio.Semaphore(concurrency)

    async def one(problem: Problem) -> tuple[Problem, str | None, list[tuple[str, str]]]:
        turns: list[tuple[str, str]] = []
        reference = {"kind": "math", "answer": problem.answer}
        try:
            for _ in range(tries):
                text = await teacher.reply(problem, turns)
                verified = await verify(engine, rubric, problem.prompt, text, reference)
                if verified.reward is not None and verified.reward >= _FULL:
                    return problem, text, turns
                turns.append((text, verified.problem))
        except EndpointDown as error:
            return problem, None, [("", str(error))]
        finally:
            gate.release()
        return problem, "", turns

    pending: set[asyncio.Task[tuple[Problem, str | None, list[tuple[str, str]]]]] = set()

    def take(task: asyncio.Task[tuple[Problem, str | None, list[tuple[str, str]]]]) -> None:
        nonlocal count
        problem, text, turns = task.result()
        if text is None:
            count = count._replace(failed=count.failed + 1)
        elif text:
            into.add(_sft(problem, text, len(turns) + 1))
            count = count._replace(kept=count.kept + 1, retried=count.retried + len(turns))
        else:
            rejects.add(_reject(problem, turns))
            count = count._replace(rejected=count.rejected + 1, retried=count.retried + len(turns) - 1)
        if progress is not None:
            progress(count)

    try:
        for problem in problems:
            if problem.id in into.done or problem.id in rejects.done:
                continue
            await gate.acquire()
            pending.add(asyncio.create_task(one(problem)))
            for task in [t for t in pending if t.done()]:
                pending.discard(task)
                take(task)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                take(task)
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    return count


def _sft(problem: Problem, text: str, tries: int) -> dict[str, Any]:
    return {
        "id": problem.id,
        "messages": [{"role": "user", "content": problem.prompt}, {"role": "assistant", "content": text}],
        "meta": {"source": "cold-start", "kind": problem.kind, "answer": problem.answer, "tries": tries},
    }


def _reject(problem: Problem, turns: list[tuple[str, str]]) -> dict[str, Any]:
    tries = [{"reply": text, "problem": wrong} for text, wrong in turns]
    return {"id": problem.id, "prompt": problem.prompt, "answer": problem.answer, "tries": tries}
