"""The worker's end of the queue: takes micro-batches, keeps their leases, answers them."""

import time
from itertools import cycle
from typing import NamedTuple

import structlog

from app.queue import codec
from app.queue.connection import Entry, Fields, GroupMissing, Server
from app.queue.keys import DEAD_MAX, GROUP, PRIORITIES, Keys
from app.status import Status

_log = structlog.get_logger(__name__)
_BLOCK_MS = 1000
_OFFLINE_TURN = 8
"""Every so many reads the offline queue comes first, so that online work never starves it for good."""


class Task(NamedTuple):
    """A micro-batch that this worker holds."""

    stream: str
    id: bytes
    envelope: codec.Envelope

    @property
    def queue_ms(self) -> float:
        """Wait in the queue until now."""
        return max(0.0, time.time() * 1000 - self.envelope.enqueued_ms)

    @property
    def expired(self) -> bool:
        return time.time() * 1000 > self.envelope.deadline_ms


class Answer(NamedTuple):
    """Scores of some items of a micro-batch."""

    task: Task
    payload: bytes
    """A list of ItemScores."""
    queue_ms: float
    """Wait in the queue until the work started."""
    last: bool
    """The micro-batch is answered with this."""


class Consumer:
    """One for each lane of a worker. All methods raise QueueUnavailable while the server is away."""

    def __init__(
        self, server: Server, keys: Keys, name: str, lane: str, *, max_deliveries: int, reply_ttl_s: int
    ) -> None:
        self._server = server
        self._keys = keys
        self._name = name
        self._max_deliveries = max_deliveries
        self._reply_ttl_s = reply_ttl_s
        self._queues = {priority: keys.queue(lane, priority) for priority in PRIORITIES}
        online, offline = PRIORITIES
        self._turns = cycle([(online, offline)] * (_OFFLINE_TURN - 1) + [(offline, online)])
        self._held: dict[tuple[str, bytes], Task] = {}

    async def create_groups(self) -> None:
        for stream in self._queues.values():
            await self._server.create_group(stream, GROUP)

    async def take(self, count: int) -> list[Task]:
        """Up to `count` new micro-batches, online ones first; waits about a second for the first."""
        try:
            for priority in next(self._turns):
                found = await self._server.read_group([self._queues[priority]], GROUP, self._name, count, None)
                if found:
                    break
            else:
                found = await self._server.read_group(list(self._queues.values()), GROUP, self._name, 1, _BLOCK_MS)
        except GroupMissing:
            await self.create_groups()
            return []
        return [task for stream, entry in found if (task := await self._hold(stream, entry))]

    async def claim(self, idle_ms: int, count: int) -> list[Task]:
        """Micro-batches whose worker died.

        One that was delivered too often is halved, and its halves halved at the next death, until the item that kills
        stands alone: that one is answered with `error` and kept as dead.
        """
        tasks: list[Task] = []
        for stream in self._queues.values():
            for entry in await self._server.claim_abandoned(stream, GROUP, self._name, idle_ms, count):
                task = await self._hold(stream, entry)
                if task is None:
                    continue
                deliveries = await self._server.deliveries(stream, GROUP, task.id)
                _log.warning("claimed", stream=stream, batch=task.envelope.batch, deliveries=deliveries)
                if deliveries <= (1 if task.envelope.suspect else self._max_deliveries):
                    tasks.append(task)
                elif task.envelope.items > 1:
                    await self._halve(task)
                else:
                    await self._bury(task, "its workers died")
        return tasks

    async def renew(self) -> None:
        """Keep the leases of all that is held."""
        by_stream: dict[str, list[bytes]] = {}
        for stream, id_ in list(self._held):
            by_stream.setdefault(stream, []).append(id_)
        for stream, ids in by_stream.items():
            await self._server.renew(stream, GROUP, self._name, ids)

    async def answer(self, answers: list[Answer]) -> None:
        """Send scores and end the micro-batches whose last ones these are; in one round trip."""
        replies = [_reply(a.task, a.payload, a.queue_ms) for a in answers]
        done = [a.task for a in answers if a.last]
        await self._server.answer(replies, [(t.stream, GROUP, t.id) for t in done], self._reply_ttl_s)
        for task in done:
            self._held.pop((task.stream, task.id), None)

    async def _hold(self, stream: str, entry: Entry) -> Task | None:
        id_, fields = entry
        try:
            task = Task(stream, id_, codec.Envelope.from_fields(fields))
        except (KeyError, ValueError) as error:
            _log.error("alien_entry", stream=stream, id=id_.decode(), error=repr(error))
            await self._server.answer([], [(stream, GROUP, id_)], self._reply_ttl_s)
            return None
        self._held[(stream, id_)] = task
        return task

    async def _halve(self, task: Task) -> None:
        halves = [(task.stream, half.fields()) for half in task.envelope.halves()]
        await self._server.answer(halves, [(task.stream, GROUP, task.id)], None)
        self._held.pop((task.stream, task.id), None)

    async def _bury(self, task: Task, reason: str) -> None:
        """Answer the item with `error` and keep its micro-batch among the dead letters."""
        batch = codec.decode_batch(task.envelope.payload)
        payload = codec.encode(codec.same_for_all(batch, Status.ERROR, f"given up: {reason}"))
        dead = {**task.envelope.fields(), "stream": task.stream, "reason": reason}
        await self._server.answer(
            [_reply(task, payload, task.queue_ms)],
            [(task.stream, GROUP, task.id)],
            self._reply_ttl_s,
            (self._keys.dead, dead, DEAD_MAX),
        )
        self._held.pop((task.stream, task.id), None)


def _reply(task: Task, payload: bytes, queue_ms: float) -> tuple[str, Fields]:
    envelope = task.envelope
    return envelope.reply_to, {"batch": envelope.batch, "queue_ms": str(round(queue_ms, 3)), "payload": payload}
