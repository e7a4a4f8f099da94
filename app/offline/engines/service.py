"""A running service, over HTTP on its offline lane: on this machine or another."""

from collections.abc import Mapping, Sequence
from typing import Any

from assay_client import AssayError, AsyncClient, Result, Scored

from app.offline.engines.base import Engine, EngineError
from app.offline.records import Record, Scores
from app.queue.codec import ComponentScore
from app.rubric import Rubric
from app.status import Status

_DEADLINE_S = 600.0
"""Of a chunk; nobody's GPUs wait for it."""
_FIRST_PATIENCE_S = 10.0
"""A person waits for the run to begin: a URL with nothing behind it is said so soon."""
_PATIENCE_S = 120.0
"""A restart of the service is waited out; one that stays away ends the run, which can be resumed."""


class ServiceEngine(Engine):
    """Sends chunks as requests; the client waits while the service is away or full."""

    def __init__(self, rubric: Rubric, spec: str | Mapping[str, Any], url: str, *, evidence: bool = False) -> None:
        self._names = [c.name for c in rubric.components]
        self._spec = spec
        self._evidence = "brief" if evidence else "none"
        self._client = AsyncClient(url, deadline_s=_DEADLINE_S, patience_s=_PATIENCE_S)
        self._url = url

    async def start(self) -> None:
        """Score one empty completion: whether the service is there, and takes our key and the rubric."""
        nothing = {"prompt": "", "completion": "", "reference": {"kind": "none"}}
        async with AsyncClient(self._url, deadline_s=_FIRST_PATIENCE_S, patience_s=_FIRST_PATIENCE_S) as client:
            await self._send([nothing], client)

    async def score(self, records: Sequence[Record]) -> list[Scores]:
        scored = await self._send([_item(n, record) for n, record in enumerate(records)], self._client)
        return [self._scores(result) for result in scored.results]

    async def _send(self, items: list[dict[str, Any]], client: AsyncClient) -> Scored:
        try:
            return await client.score(items, self._spec, priority="offline", evidence=self._evidence)
        except AssayError as error:
            raise EngineError(f"{self._url}: {error}") from error

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
    return ComponentScore.of(c.score, Status(c.status), c.evidence, int(c.elapsed_ms * 1000), c.cached)
