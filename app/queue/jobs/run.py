"""Keeps one job going: feeds its micro-batches to the queue within a window, and folds their scores into the job.

All state is in Redis; what is here is a copy. When the copy turns out to be old, or the lease is lost, the run ends
with `Lost`, and the next one begins from what is in Redis.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import structlog

from app.queue import codec
from app.queue.codec import ComponentScore
from app.queue.connection import Entry, Server, after
from app.queue.jobs import scripts
from app.queue.jobs.lease import LEASE_MS, Lease, Lost
from app.queue.jobs.model import JobBatch, JobSpec, JobState, Rows, encode
from app.queue.jobs.store import JobStore
from app.queue.keys import Keys
from app.status import Status

_log = structlog.get_logger(__name__)
_FEED_AT_ONCE = 16
_FOLD_AT_ONCE = 16
"""Replies; each is a millisecond of work between two turns of the loop, which has online requests to answer."""
_BLOCK_MS = 500
_LOST_AFTER_S = 15.0
"""After so long without a reply, what is in flight is looked for in the queue."""
_LATE = ComponentScore.of(None, Status.TIMEOUT, {"detail": "the job's deadline passed"}, 0)
Scores = list[ComponentScore]
Counted = Callable[[JobSpec, Sequence[Scores]], int]
"""Told the scores of items that are complete; how many of them abstain."""


class Run:
    """One job under a lease."""

    def __init__(
        self, server: Server, keys: Keys, store: JobStore, lease: Lease, job: str, *, window: int, counted: Counted
    ) -> None:
        self._server = server
        self._keys = keys
        self._store = store
        self._lease = lease
        self._job = job
        self._window = window
        self._counted = counted
        self._spec: JobSpec
        self._plan: list[JobBatch]
        self._version = 0
        self._fed = 0
        self._done = 0
        self._flight: dict[int, str] = {}
        """Number of a micro-batch and its place in the queue."""
        self._answered: dict[int, set[int]] = defaultdict(set)
        """Items of a micro-batch that were answered, by position in the chunk."""
        self._rows: dict[int, Rows] = {}
        """Chunks that are under way."""
        self._of_chunk: dict[int, list[int]] = defaultdict(list)

    async def go(self) -> None:
        """Until the job is over. Raises Lost, QueueUnavailable."""
        if not await self._load():
            return
        heard = time.monotonic()
        first = True
        while self._done < self._spec.items:
            if time.time() * 1000 > self._spec.deadline_ms:
                await self._time_out()
                break
            await self._feed_window()
            entries = await self._server.read(self._part("replies"), "0", _FOLD_AT_ONCE, 1 if first else _BLOCK_MS)
            if entries:
                await self._fold(entries)
                heard = time.monotonic()
            else:
                await self._lease.renew()
                if first or time.monotonic() - heard > _LOST_AFTER_S:
                    await self._feed_lost()
                    heard = time.monotonic()
                first = False
        await self._store.end(self._job, JobState.DONE)

    async def _load(self) -> bool:
        found = await self._store.get(self._job)
        if found is None or found[1].state.over:
            await self._server.execute([("ZREM", self._keys.active_jobs, self._job)])
            return False
        self._spec, status = found
        self._plan = await self._store.plan(self._job)
        for number, batch in enumerate(self._plan):
            self._of_chunk[batch.chunk].append(number)
        [flight] = await self._server.execute([("HGETALL", self._part("flight"))])
        self._flight = {int(number): place.decode() for number, place in flight.items()}
        self._version, self._fed, self._done = status.version, status.fed, status.done
        return True

    async def _feed_window(self) -> None:
        """Put micro-batches into the queue until there are as many items of the job in it as may be."""
        waiting = sum(self._plan[number].items for number in self._flight)
        while self._fed < len(self._plan) and waiting < self._window:
            numbers = list(range(self._fed, min(self._fed + _FEED_AT_ONCE, len(self._plan))))
            waiting += sum(self._plan[number].items for number in numbers)
            self._fed += len(numbers)
            await self._feed(numbers)

    async def _feed_lost(self) -> None:
        """Feed again what is neither queued nor answered: its reply has expired, or somebody emptied the queue."""
        lost: list[int] = []
        for number, place in self._flight.items():
            queue, _, entry = place.rpartition(" ")
            if await self._server.entry(queue, entry) is None:
                lost.append(number)
        if lost:
            _log.warning("job_batches_lost", job=self._job, batches=len(lost))
        for start in range(0, len(lost), _FEED_AT_ONCE):
            await self._feed(lost[start : start + _FEED_AT_ONCE])

    async def _feed(self, numbers: list[int]) -> None:
        queues = sorted({self._plan[number].lane for number in numbers})
        keys = [self._keys.queue(lane, self._spec.priority) for lane in queues]
        triples: list[str | int | bytes] = []
        for number in numbers:
            batch = self._plan[number]
            triples += [number, batch.items, queues.index(batch.lane) + 1]
        await self._change(
            scripts.FEED,
            [self._part("batches"), self._part("flight"), *keys],
            [_now_ms(), self._spec.deadline_ms, self._part("replies"), self._job, self._fed, *triples],
        )
        [places] = await self._server.execute([("HMGET", self._part("flight"), *numbers)])
        for number, place in zip(numbers, places, strict=True):
            if place is None:
                raise Lost
            self._flight[number] = place.decode()

    async def _fold(self, entries: list[Entry]) -> None:
        """Take scores out of replies into the job."""
        replies = [(int(fields[b"batch"].rpartition(b".")[2]), fields[b"payload"]) for _, fields in entries]
        await self._have({self._plan[number].chunk for number, _ in replies if number < len(self._plan)})
        done = abstained = 0
        changed: set[int] = set()
        for number, payload in replies:
            if number >= len(self._plan):
                continue
            chunk = self._plan[number].chunk
            changed.add(chunk)
            complete: list[Scores] = []
            for scores in codec.decode_scores(payload):
                self._answered[number].add(scores.index)
                row = self._rows[chunk][scores.index]
                if _take(row, scores.components):
                    complete.append([score for score in row if score is not None])
            done += len(complete)
            abstained += self._counted(self._spec, complete)
            await asyncio.sleep(0)
        await self._keep(changed, done, abstained, after(entries[-1][0]))

    async def _time_out(self) -> None:
        """Answer all that is missing with `timeout`."""
        last = -(-self._spec.items // self._spec.chunk)
        for start in range(0, last, _FOLD_AT_ONCE):
            chunks = range(start, min(start + _FOLD_AT_ONCE, last))
            await self._have(set(chunks))
            done = abstained = 0
            for chunk in chunks:
                late = [row for row in self._rows[chunk] if _take(row, [(n, _LATE) for n in range(len(row))])]
                done += len(late)
                abstained += self._counted(self._spec, [[s for s in row if s is not None] for row in late])
                await asyncio.sleep(0)
            await self._keep(set(chunks), done, abstained, b"")

    async def _have(self, chunks: set[int]) -> None:
        """Have the rows of chunks here."""
        missing = sorted(chunks - self._rows.keys())
        for chunk, rows in zip(missing, await self._store.rows(self._job, missing), strict=True):
            blank: Rows = [[None] * len(self._spec.components) for _ in range(self._spec.chunk_items(chunk))]
            self._rows[chunk] = rows or blank

    async def _keep(self, chunks: set[int], done: int, abstained: int, through: bytes) -> None:
        """Write rows that so many more items are complete in, and forget what is complete."""
        full = {chunk for chunk in chunks if all(None not in row for row in self._rows[chunk])}
        answered = {number for chunk in full for number in self._of_chunk[chunk]}
        answered |= {n for n, items in self._answered.items() if len(items) >= self._plan[n].items}
        rows: list[str | int | bytes] = []
        for chunk in chunks:
            rows += [chunk, encode(self._rows[chunk])]
            await asyncio.sleep(0)
        size = sum(self._plan[number].size for number in answered)
        await self._change(
            scripts.FOLD,
            [self._part(part) for part in ("scores", "batches", "flight", "replies")] + [self._keys.job_bytes],
            [done, abstained, through, self._job, size, len(chunks), *rows, *answered],
        )
        self._done += done
        for chunk in full:
            del self._rows[chunk]
        for number in answered:
            self._flight.pop(number, None)
            self._answered.pop(number, None)

    async def _change(self, script: str, keys: list[str], arguments: list[str | int | bytes]) -> None:
        condition = [self._lease.token, self._version, LEASE_MS]
        found = await self._server.script(
            script, [self._lease.key, self._keys.job(self._job), *keys], [*condition, *arguments]
        )
        if found != b"ok":
            raise Lost
        self._version += 1

    def _part(self, part: str) -> str:
        return self._keys.job(self._job, part)


def _take(row: list[ComponentScore | None], components: list[tuple[int, ComponentScore]]) -> bool:
    """Put scores where there are none; whether that completes the row."""
    if None not in row:
        return False
    for index, score in components:
        if row[index] is None:
            row[index] = score
    return None not in row


def _now_ms() -> int:
    return int(time.time() * 1000)
