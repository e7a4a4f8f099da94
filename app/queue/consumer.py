"""The worker's end of the queue: takes micro-batches, keeps their leases, answers them."""

import time
from typing import NamedTuple

import structlog

from app.queue import codec
from app.queue.clock import ServerClock
from app.queue.connection import Entry, Fields, GroupMissing, Server
from app.queue.keys import DEAD_MAX, GROUP, PRIORITIES, Keys
from app.queue.spool import Gone, load
from app.status import Status

_log = structlog.get_logger(__name__)
_BLOCK_MS = 1000
_IN_TOUCH = 0.5
"""Share of a lease for which this worker must have reached the server before it takes over work: after an outage the
leases of the living look like those of the dead, until the living had the time to renew them."""
_FORGOTTEN_MS = 600_000
"""Consumers that hold nothing and did not read for so long are of workers that are gone."""


class Task(NamedTuple):
    """A micro-batch that this worker holds."""

    priority: str
    stream: str
    id: bytes
    envelope: codec.Envelope
    clock: ServerClock
    taken: float
    """When this worker took it, on the clock of `time.monotonic`."""

    @property
    def queue_ms(self) -> float:
        """Wait in the queue until now."""
        return self.clock.age_ms(self.id)

    @property
    def expired(self) -> bool:
        return self.queue_ms > self.envelope.ttl_ms


class Answer(NamedTuple):
    """Scores of some items of a micro-batch."""

    task: Task
    payload: bytes
    """A list of ItemScores; empty where the file with the items is gone."""
    queue_ms: float
    """Wait in the queue until the work started."""
    last: bool
    """The micro-batch is answered with this."""


class Consumer:
    """One for each lane of a worker. All methods raise QueueUnavailable while the server is away."""

    def __init__(
        self,
        server: Server,
        keys: Keys,
        name: str,
        lane: str,
        clock: ServerClock,
        *,
        max_deliveries: int,
        reply_ttl_s: int,
        lease_s: float,
    ) -> None:
        self._server = server
        self._keys = keys
        self._name = name
        self._clock = clock
        self._max_deliveries = max_deliveries
        self._reply_ttl_s = reply_ttl_s
        self._lease_s = lease_s
        self._queues = {priority: keys.queue(lane, priority) for priority in PRIORITIES}
        self._held: dict[tuple[str, bytes], Task] = {}
        self._in_touch_since = self._in_touch = time.monotonic()

    async def create_groups(self) -> None:
        for stream in self._queues.values():
            await self._server.create_group(stream, GROUP)

    async def take(self, priority: str, count: int, block_ms: int = _BLOCK_MS) -> list[Task]:
        """Up to `count` new micro-batches of a priority; waits about a second for the first."""
        try:
            found = await self._server.read_group([self._queues[priority]], GROUP, self._name, count, block_ms)
        except GroupMissing:
            await self.create_groups()
            return []
        return [task for _, entry in found if (task := await self._hold(priority, entry))]

    async def claim(self, count: int) -> list[Task]:
        """Micro-batches whose worker died.

        One that was delivered too often is halved, and its halves halved at the next death, until the item that kills
        stands alone: that one is answered with `error` and kept as dead.
        """
        now = time.monotonic()
        if now - self._in_touch > self._lease_s / 2 or now - self._in_touch_since < _IN_TOUCH * self._lease_s:
            return []
        tasks: list[Task] = []
        for priority, stream in self._queues.items():
            idle_ms = int(self._lease_s * 1000)
            for entry in await self._server.claim_abandoned(stream, GROUP, self._name, idle_ms, count):
                if (stream, entry[0]) in self._held:  # This worker was asleep itself.
                    continue
                task = await self._hold(priority, entry)
                if task is None:
                    continue
                deliveries = await self._server.deliveries(stream, GROUP, task.id)
                _log.warning("claimed", stream=stream, batch=task.envelope.batch, deliveries=deliveries)
                alone = task.envelope.items == 1
                if deliveries <= (1 if task.envelope.suspect and not alone else self._max_deliveries):
                    tasks.append(task)
                else:
                    await self._give_up(task)
        return tasks

    async def still_wanted(self, task: Task) -> bool:
        """Whether a micro-batch that waited here is still in the queue: an API deletes what its client left.

        One that is not wanted is let go of.
        """
        if await self._server.entry(task.stream, task.id.decode()) is not None:
            return True
        await self._end([task], [])
        return False

    async def renew(self) -> None:
        """Keep the leases of all that is held."""
        by_stream: dict[str, list[bytes]] = {}
        for stream, id_ in list(self._held):
            by_stream.setdefault(stream, []).append(id_)
        for stream, ids in by_stream.items():
            await self._server.renew(stream, GROUP, self._name, ids)
        if not by_stream:
            await self._server.ping()
        now = time.monotonic()
        if now - self._in_touch > self._lease_s / 2:
            self._in_touch_since = now
        self._in_touch = now

    async def tidy(self) -> None:
        """Forget the consumers of workers that are gone: each start of a worker leaves one."""
        for stream in self._queues.values():
            await self._server.forget_consumers(stream, GROUP, _FORGOTTEN_MS)

    async def leave(self) -> None:
        """Forget this consumer, unless it still holds something, for another to take over."""
        for stream in self._queues.values():
            await self._server.forget_consumers(stream, GROUP, 0, self._name)

    async def answer(self, answers: list[Answer]) -> None:
        """Send scores and end the micro-batches whose last ones these are; in one round trip."""
        done = [a.task for a in answers if a.last]
        replies = [_reply(a.task, a.payload, a.queue_ms) for a in answers]
        await self._end(done, replies, reply_ttl_s=self._reply_ttl_s)

    async def _hold(self, priority: str, entry: Entry) -> Task | None:
        id_, fields = entry
        stream = self._queues[priority]
        try:
            task = Task(priority, stream, id_, codec.Envelope.from_fields(fields), self._clock, time.monotonic())
        except (KeyError, ValueError) as error:
            _log.error("alien_entry", stream=stream, id=id_.decode(), error=repr(error))
            await self._server.answer(GROUP, [(stream, id_)], [])
            return None
        self._held[(stream, id_)] = task
        return task

    async def _give_up(self, task: Task) -> None:
        try:
            if task.envelope.items > 1:
                await self._halve(task)
            else:
                await self._bury(task, "its workers died")
        except Gone as gone:
            await self.answer([lost(task, gone)])

    async def _halve(self, task: Task) -> None:
        halves = task.envelope.halves(self._clock.age_ms(task.id))
        await self._end([task], [(task.stream, half.fields()) for half in halves])

    async def _bury(self, task: Task, reason: str) -> None:
        """Answer the item with `error` and keep its micro-batch among the dead letters."""
        envelope = task.envelope.whole()
        batch = codec.decode_batch(load(envelope.payload))
        payload = codec.encode(codec.same_for_all(batch, Status.ERROR, f"given up: {reason}"))
        dead = {**envelope.fields(), "stream": task.stream, "reason": reason}
        await self._server.answer(GROUP, [], [(self._keys.dead, dead)], most=DEAD_MAX)
        await self._end([task], [_reply(task, payload, task.queue_ms)], reply_ttl_s=self._reply_ttl_s)

    async def _end(
        self, done: list[Task], replies: list[tuple[str, Fields]], *, reply_ttl_s: int | None = None
    ) -> None:
        await self._server.answer(GROUP, [(t.stream, t.id) for t in done], replies, reply_ttl_s=reply_ttl_s)
        for task in done:
            self._held.pop((task.stream, task.id), None)


def lost(task: Task, gone: Gone) -> Answer:
    """The answer to a micro-batch whose items nobody has any more."""
    _log.warning("payload_gone", batch=task.envelope.batch, error=str(gone))
    return Answer(task, b"", task.queue_ms, True)


def _reply(task: Task, payload: bytes, queue_ms: float) -> tuple[str, Fields]:
    envelope = task.envelope
    return envelope.reply_to, {"batch": envelope.batch, "queue_ms": str(round(queue_ms, 3)), "payload": payload}
