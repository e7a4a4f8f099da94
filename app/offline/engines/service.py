"""A running service, over HTTP on its offline lane: on this machine or another."""

import asyncio
from collections.abc import Mapping, Sequence
from random import random
from typing import Any

from assay_client import AssayError, AsyncClient, Result, Scored, ServiceError, Unreachable

from app.offline.engines.base import Engine, EngineError, Scores
from app.offline.records import Record
from app.queue.codec import ComponentScore
from app.rubric import Rubric
from app.status import Status

_DEADLINE_MS = 600_000
"""Of a chunk; nobody's GPUs wait for it."""
_TRIES = 8
_MAX_BACKOFF_S = 30.0
_BUSY = (429, 502, 503, 504)
"""Answers that mean: later."""


class ServiceEngine(Engine):
    """Sends chunks as requests; waits and tries again while the service is away or full."""

    def __init__(self, rubric: Rubric, spec: str | Mapping[str, Any], url: str, *, evidence: bool = False) -> None:
        self._names = [c.name for c in rubric.components]
        self._spec = spec
        self._evidence = "brief" if evidence else "none"
        self._client = AsyncClient(url)
        self._url = url

    async def score(self, records: Sequence[Record]) -> list[Scores]:
        scored = await self._send([_item(n, record) for n, record in enumerate(records)])
        return [self._scores(result) for result in scored.results]

    async def _send(self, items: list[dict[str, Any]]) -> Scored:
        problem: AssayError | None = None
        for attempt in range(_TRIES):
            try:
                return await self._client.score(
                    items, self._spec, deadline_ms=_DEADLINE_MS, priority="offline", evidence=self._evidence
                )
            except Unreachable as error:
                problem = error
            except ServiceError as error:
                if error.status not in _BUSY:
                    raise EngineError(str(error)) from error
                problem = error
            await asyncio.sleep(min(_MAX_BACKOFF_S, 0.5 * 2**attempt) * (0.5 + random()))
        raise EngineError(f"{self._url}: gave up after {_TRIES} tries: {problem}")

    def _scores(self, result: Result) -> Scores:
        return [_score(result, name) for name in self._names]

    async def close(self) -> None:
        await self._client.aclose()


def _item(number: int, record: Record) -> dict[str, Any]:
    i = record.item
    item: dict[str, Any] = {
        "id": str(number),
        "prompt": i.prompt,
        "completion": i.completion,
        "reference": i.reference,
        "meta": i.meta,
    }
    return item if i.language is None else {**item, "language": i.language}


def _score(result: Result, name: str) -> ComponentScore:
    c = result.components[name]
    return ComponentScore(c.score, Status(c.status), c.evidence, int(c.elapsed_ms * 1000), c.cached)
