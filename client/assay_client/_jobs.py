"""Jobs: batches that are submitted, scored in the background, and read when they are ready."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from assay_client._errors import JobFailed, ProtocolError
from assay_client._exchange import Call, Exchange, read_value
from assay_client._models import Group, Item, Job, Result, Rubric, Scored, job_from, result_from

_FIRST_POLL_S = 0.1
_LONGEST_POLL_S = 2.0
_PAGE = 5000
"""Results a page: a few MB."""


class Jobs:
    """The jobs' part of an engine."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def submit(
        self, items: Sequence[Item], rubric: Rubric, deadline: float, options: Mapping[str, Any], key: str | None
    ) -> Job:
        """Submit a batch. Every attempt carries one key, so that a lost answer does not make a second job."""
        body = {"rubric": rubric, "items": list(items), "options": dict(options)}
        headers = {"idempotency-key": key or uuid.uuid4().hex}
        return job_from(
            await self._exchange.run(
                Call("POST", "/v1/jobs", deadline, read_value, lambda _: body, headers, max(1, len(items)))
            )
        )

    async def job(self, id_: str, deadline: float) -> Job:
        """How far a job is."""
        return job_from(await self._get(_path(id_), deadline))

    async def cancel(self, id_: str, deadline: float) -> Job:
        """Cancel what has not started."""
        return job_from(await self._exchange.run(Call("DELETE", _path(id_), deadline, read_value)))

    async def wait(self, id_: str, deadline: float) -> Scored:
        """The results of a job once it is done. Raises JobFailed if it is cancelled or late."""
        poll = _FIRST_POLL_S
        while not (job := await self.job(id_, deadline)).over:
            if time.monotonic() + poll > deadline:
                raise JobFailed(id_, job.state, f"{job.done} of {job.items} items were scored by the deadline")
            await asyncio.sleep(poll)
            poll = min(_LONGEST_POLL_S, poll * 1.5)
        if job.state != "done":
            raise JobFailed(id_, job.state)
        results = await self._results(id_, deadline)
        if len(results) != job.items:
            raise ProtocolError(f"job {id_}: {job.items} items, {len(results)} results")
        groups = await self._get(f"{_path(id_)}/groups", deadline)
        usage = {"items": job.items, "abstained": job.abstained}
        return Scored(job.rubric, results, [Group(**group) for group in groups["groups"] or ()], usage)

    async def _results(self, id_: str, deadline: float) -> list[Result]:
        results: list[Result] = []
        position: int | None = 0
        while position is not None:
            page = await self._get(f"{_path(id_)}/results?offset={position}&limit={_PAGE}", deadline)
            results.extend(result_from(row) for row in page["results"])
            if page["next"] == position:
                raise ProtocolError(f"job {id_}: results end at {position}")
            position = page["next"]
        return results

    async def _get(self, path: str, deadline: float) -> Any:
        return await self._exchange.run(Call("GET", path, deadline, read_value))


def _path(id_: str) -> str:
    return f"/v1/jobs/{quote(id_, safe='')}"
