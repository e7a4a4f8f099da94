"""One lane of a worker: its own children, so that slow work of one kind never blocks another."""

import asyncio
from collections.abc import Awaitable, Callable
from random import random

import structlog

from app.queue import codec
from app.queue.connection import QueueUnavailable
from app.queue.consumer import Answer, Consumer, Task
from app.status import Status
from app.worker.slot import Slot

_log = structlog.get_logger(__name__)
_RENEWALS_PER_LEASE = 4
_CLAIM_AT_ONCE = 16
_ANSWERS_AT_ONCE = 32
_MAX_BACKOFF_S = 2.0


class Lane:
    """Takes micro-batches of one lane, has its children score them, sends the scores back."""

    def __init__(self, consumer: Consumer, slots: list[Slot], *, prefetch: int, lease_s: float) -> None:
        self.slots = slots
        self.held = 0
        """Micro-batches taken and not yet answered."""
        self._consumer = consumer
        self._most = len(slots) * prefetch
        self._lease_s = lease_s
        self._tasks: asyncio.Queue[Task] = asyncio.Queue()
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._room = asyncio.Condition()
        self._intake: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """Wait for the server, and have the lane's queues there before the first read."""
        while True:
            try:
                await self._consumer.create_groups()
                return
            except QueueUnavailable as error:
                _log.warning("queue_unavailable", error=str(error))
                await asyncio.sleep(_MAX_BACKOFF_S * random())

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._intake = [
                group.create_task(self._take()),
                group.create_task(steadily(self._claim, self._lease_s / 2)),
            ]
            group.create_task(steadily(self._consumer.renew, self._lease_s / _RENEWALS_PER_LEASE))
            group.create_task(self._send_answers())
            for slot in self.slots:
                group.create_task(self._work(slot))

    async def drain(self) -> None:
        """Take nothing more, and wait until all that is held is answered."""
        for task in self._intake:
            task.cancel()
        await asyncio.gather(*self._intake, return_exceptions=True)
        async with self._room:
            await self._room.wait_for(lambda: self.held == 0)

    async def _take(self) -> None:
        """Keep every child supplied, and hold no more than that: other workers may be idle."""
        backoff = 0.0
        while True:
            async with self._room:
                await self._room.wait_for(lambda: self.held < self._most)
            try:
                self._hold(await self._consumer.take(self._most - self.held))
                backoff = 0.0
            except QueueUnavailable as error:
                backoff = min(_MAX_BACKOFF_S, backoff * 2 + 0.05)
                _log.warning("queue_unavailable", error=str(error), retry_s=round(backoff, 2))
                await asyncio.sleep(backoff * (0.5 + random()))

    async def _claim(self) -> None:
        self._hold(await self._consumer.claim(int(self._lease_s * 1000), _CLAIM_AT_ONCE))

    def _hold(self, tasks: list[Task]) -> None:
        self.held += len(tasks)
        for task in tasks:
            self._tasks.put_nowait(task)

    async def _work(self, slot: Slot) -> None:
        while True:
            task = await self._tasks.get()
            waited = task.queue_ms
            if task.expired:
                late = codec.same_for_all(
                    codec.decode_batch(task.envelope.payload), Status.TIMEOUT, "the deadline passed in the queue"
                )
                self._answers.put_nowait(Answer(task, codec.encode(late), waited, True))
                continue
            async for scores in slot.run(task.envelope.payload, task.envelope.items):
                self._answers.put_nowait(Answer(task, scores.payload, waited, scores.last))

    async def _send_answers(self) -> None:
        """Send all answers there are in one round trip; while the server is away, keep them."""
        while True:
            answers = [await self._answers.get()]
            while len(answers) < _ANSWERS_AT_ONCE and not self._answers.empty():
                answers.append(self._answers.get_nowait())
            await self._send(answers)
            async with self._room:
                self.held -= sum(answer.last for answer in answers)
                self._room.notify_all()

    async def _send(self, answers: list[Answer]) -> None:
        while True:
            try:
                await self._consumer.answer(answers)
                return
            except QueueUnavailable as error:
                _log.warning("answers_wait", error=str(error), answers=len(answers))
                await asyncio.sleep(_MAX_BACKOFF_S * random())


async def steadily(action: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Do it for ever; while the server is away, keep trying."""
    while True:
        try:
            await action()
        except QueueUnavailable as error:
            _log.warning("queue_unavailable", error=str(error))
        await asyncio.sleep(every_s)
