"""Finds jobs that nobody keeps, and keeps them: one keeper in every API process, any of which can die."""

import asyncio
from contextlib import suppress

import structlog

from app.queue.connection import Server
from app.queue.jobs.lease import Lease, Lost
from app.queue.jobs.run import Counted, Run
from app.queue.jobs.store import JobStore
from app.queue.keys import Keys
from app.queue.outage import QueueUnavailable

_log = structlog.get_logger(__name__)
_JOBS_AT_ONCE = 8
"""Jobs that one process keeps; their windows are what bounds the memory of the queue."""
_LOOK_S = 0.5
_AWAY_S = 1.0


class Keeper:
    """Runs until stopped."""

    def __init__(self, server: Server, keys: Keys, store: JobStore, *, window: int, counted: Counted) -> None:
        self._server = server
        self._keys = keys
        self._store = store
        self._window = window
        self._counted = counted
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Leave the jobs to others, at once."""
        tasks = [*self._runs.values()] + ([self._looking] if self._looking else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    @property
    def kept(self) -> int:
        """Jobs that this process keeps."""
        return len(self._runs)

    async def _look(self) -> None:
        while True:
            try:
                if len(self._runs) < _JOBS_AT_ONCE:
                    await self._take_jobs()
            except QueueUnavailable as error:
                _log.warning("jobs_unavailable", error=str(error))
                await asyncio.sleep(_AWAY_S)
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._wake.wait()

    async def _take_jobs(self) -> None:
        for job in await self._store.active(_JOBS_AT_ONCE * 8):
            if len(self._runs) >= _JOBS_AT_ONCE:
                return
            if job in self._runs:
                continue
            lease = Lease(self._server, self._keys, job)
            if await lease.take():
                self._runs[job] = asyncio.create_task(self._run(job, lease))

    async def _run(self, job: str, lease: Lease) -> None:
        run = Run(self._server, self._keys, self._store, lease, job, window=self._window, counted=self._counted)
        try:
            await run.go()
        except Lost:
            _log.info("job_left", job=job)
        except QueueUnavailable as error:
            _log.warning("job_interrupted", job=job, error=str(error))
        finally:
            del self._runs[job]
            with suppress(QueueUnavailable):
                await lease.release()
