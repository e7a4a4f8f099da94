"""Jobs on Redis: submission, status, results, the end. Any process can read and end any job."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from app.queue.connection import Command, Server
from app.queue.jobs import scripts
from app.queue.jobs.model import (
    JobBatch,
    JobLabel,
    JobSample,
    JobSpec,
    JobState,
    JobStatus,
    Rows,
    decode_batches,
    decode_labels,
    decode_rows,
    decode_samples,
    decode_spec,
    encode,
)
from app.queue.keys import Keys
from app.queue.outage import outage
from app.queue.room import QueueFull

_UPLOAD_S = 3600
"""How long a submission may take before what it has written is deleted."""
_FSYNC_MS = 3000
"""How long a submission waits until it is on disk: an append-only file that syncs every second needs up to two."""
_RETRY_S = 10
"""Jobs take minutes."""
_PARTS_KEPT = ("labels", "samples", "scores")
_PARTS_DELETED = ("batches", "flight", "replies", "lease")


class TooManyJobs(QueueFull):
    """As many jobs, or bytes of jobs, wait as may."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} are not over, as much as may", _RETRY_S)


class Piece(NamedTuple):
    """A chunk of a job on its way into Redis."""

    number: int
    labels: list[JobLabel]
    samples: list[JobSample]
    batches: list[tuple[int, bytes]]
    """Number and payload."""


class JobStore:
    """All methods raise QueueUnavailable while the server is away."""

    def __init__(self, server: Server, keys: Keys, *, ttl_s: int, results_ttl_s: int) -> None:
        self._server = server
        self._keys = keys
        self.ttl_s = ttl_s
        """From submission until a job is deleted, whether it is done or not."""
        self._results_ttl_s = results_ttl_s

    async def write(self, job: str, pieces: Sequence[Piece]) -> None:
        """Write chunks of a job that is being submitted."""
        keys = self._keys
        commands: list[Command] = []
        for piece in pieces:
            commands.append(("HSET", keys.job(job, "labels"), piece.number, encode(piece.labels)))
            if piece.samples:
                commands.append(("HSET", keys.job(job, "samples"), piece.number, encode(piece.samples)))
            for batch, payload in piece.batches:
                commands.append(("HSET", keys.job(job, "batches"), batch, payload))
        commands += [("EXPIRE", keys.job(job, part), _UPLOAD_S) for part in ("labels", "samples", "batches")]
        await self._server.execute(commands)

    async def commit(
        self, spec: JobSpec, plan: list[JobBatch], once: str | None, *, most: int, most_bytes: int
    ) -> tuple[str, bool]:
        """Make a job of what was written: its id, or that of the job with the same key; whether it is on disk.

        Raises TooManyJobs.
        """
        keys = self._keys
        parts = [keys.job(spec.id, part) for part in ("labels", "samples", "batches")]
        index = [keys.job(spec.id), keys.once(spec.owner, once or ""), keys.jobs, keys.active_jobs, keys.job_bytes]
        expires = spec.created_ms + self.ttl_s * 1000
        arguments = (spec.id, encode(spec), spec.created_ms, expires, spec.size, encode(plan), most, most_bytes)
        found, synced = await self._server.execute(
            [
                ("EVAL", scripts.COMMIT, len(index) + len(parts), *index, *parts, *arguments, int(once is not None)),
                ("WAITAOF", 1, 0, _FSYNC_MS),
            ],
            atomic=False,
        )
        if isinstance(found, Exception):
            if "ASSAYJOBS" in str(found):
                raise TooManyJobs(str(found).partition("ASSAYJOBS ")[2])
            raise outage(found) from found
        return found.decode(), not isinstance(synced, Exception) and bool(synced[0])

    async def discard(self, job: str) -> None:
        """Delete what was written of a job that will not be."""
        await self._server.execute([("DEL", *(self._keys.job(job, part) for part in ("labels", "samples", "batches")))])

    async def with_key(self, owner: str, once: str) -> str | None:
        """The job that an idempotency key made."""
        [found] = await self._server.execute([("GET", self._keys.once(owner, once))])
        return found.decode() if found else None

    async def get(self, job: str) -> tuple[JobSpec, JobStatus] | None:
        """A job, None if there is none of this id, or none any more."""
        [fields] = await self._server.execute([("HGETALL", self._keys.job(job))])
        if b"spec" not in fields:
            return None
        return decode_spec(fields[b"spec"]), JobStatus.from_fields(fields)

    async def plan(self, job: str) -> list[JobBatch]:
        [found] = await self._server.execute([("HGET", self._keys.job(job), "plan")])
        return decode_batches(found) if found else []

    async def recent(self, count: int, before_ms: int | None) -> list[tuple[JobSpec, JobStatus]]:
        """The newest jobs first; those that have expired are forgotten."""
        highest = "+inf" if before_ms is None else f"({before_ms}"
        old = int(time.time() * 1000) - (self.ttl_s + self._results_ttl_s) * 1000
        _, ids = await self._server.execute(
            [
                ("ZREMRANGEBYSCORE", self._keys.jobs, "-inf", old),
                ("ZRANGE", self._keys.jobs, highest, "-inf", "BYSCORE", "REV", "LIMIT", 0, count),
            ]
        )
        found = [await self.get(id_.decode()) for id_ in ids]
        return [job for job in found if job is not None]

    async def active(self, count: int) -> list[str]:
        """Ids of jobs that are not over, the oldest first."""
        [ids] = await self._server.execute([("ZRANGE", self._keys.active_jobs, 0, count - 1)])
        return [id_.decode() for id_ in ids]

    async def labels(self, job: str, chunks: Sequence[int]) -> list[list[JobLabel]]:
        return [decode_labels(found) if found else [] for found in await self._chunks(job, "labels", chunks)]

    async def samples(self, job: str, chunks: Sequence[int]) -> list[list[JobSample]]:
        return [decode_samples(found) if found else [] for found in await self._chunks(job, "samples", chunks)]

    async def rows(self, job: str, chunks: Sequence[int]) -> list[Rows | None]:
        """Scores of chunks, None where there are none."""
        return [decode_rows(found) if found else None for found in await self._chunks(job, "scores", chunks)]

    async def _chunks(self, job: str, part: str, chunks: Sequence[int]) -> list[bytes | None]:
        if not chunks:
            return []
        [found] = await self._server.execute([("HMGET", self._keys.job(job, part), *chunks)])
        return found

    async def end(self, job: str, state: JobState) -> None:
        """End a job; nothing happens if it is over. What has not started is taken out of the queue."""
        keys = self._keys
        [flight] = await self._server.execute([("HGETALL", keys.job(job, "flight"))])
        kept = [keys.job(job, part) for part in _PARTS_KEPT]
        deleted = [keys.job(job, part) for part in _PARTS_DELETED]
        now = int(time.time() * 1000)
        arguments = (state, now, now + self._results_ttl_s * 1000, job, len(kept))
        await self._server.script(
            scripts.END, [keys.job(job), keys.active_jobs, keys.job_bytes, *kept, *deleted], arguments
        )
        for place in flight.values():
            queue, _, entry = place.decode().rpartition(" ")
            await self._server.delete_entries(queue, [entry.encode()])

    async def delete(self, job: str) -> None:
        """End a job and delete all of it."""
        await self.end(job, JobState.CANCELLED)
        keys = self._keys
        parts = [keys.job(job, part) for part in (*_PARTS_KEPT, *_PARTS_DELETED)]
        await self._server.execute([("DEL", keys.job(job), *parts), ("ZREM", keys.jobs, job)])
