"""One lane of a worker: its own children, so that slow work of one kind never blocks another."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import random

import structlog

from app.queue import codec
from app.queue.consumer import Answer, Consumer, Task, lost
from app.queue.keys import PRIORITIES
from app.queue.outage import QueueUnavailable
from app.queue.spool import Gone, load
from app.status import Status
from app.worker.backlog import Backlog
from app.worker.slot import Slot

_log = structlog.get_logger(__name__)
_RENEWALS_PER_LEASE = 4
_CLAIM_AT_ONCE = 16
_TIDY_S = 60.0
_ASK_AFTER_S = 0.5
"""A micro-batch that waited here for so long may have been taken back since."""
_ANSWERS_AT_ONCE = 32
_MAX_BACKOFF_S = 2.0


class Lane:
    """Takes micro-batches of one lane, has its children score them, sends the scores back."""

    def __init__(self, consumer: Consumer, slots: list[Slot], *, prefetch: int, lease_s: float) -> None:
        self.slots = slots
        self._held: dict[str, int] = dict.fromkeys(PRIORITIES, 0)
        """Micro-batches taken and not yet answered, by priority: each has room of its own, so that one of an online
        request is never left in the queue because this worker holds offline ones."""
        self._consumer = consumer
        self._most = len(slots) * prefetch
        self._lease_s = lease_s
        self._backlog = Backlog(len(slots))
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._ended = asyncio.Event()
        """Never left set: set and cleared, it wakes who waits for micro-batches to be answered."""
        self._intake: list[asyncio.Task[None]] = []
        self._draining = False

    @property
    def held(self) -> int:
        """Micro-batches taken and not yet answered."""
        return sum(self._held.values())

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
            self._intake = [group.create_task(self._take(priority)) for priority in PRIORITIES]
            group.create_task(steadily(self._claim, self._lease_s / 2))
            group.create_task(steadily(self._consumer.tidy, _TIDY_S))
            group.create_task(steadily(self._consumer.renew, self._lease_s / _RENEWALS_PER_LEASE))
            group.create_task(self._send_answers())
            for slot in self.slots:
                group.create_task(self._work(slot))

    async def drain(self) -> None:
        """Take nothing more, and wait until all that is held is answered."""
        self._draining = True
        self._wake()
        # A read is not cancelled: what the server has given to it already would wait for its lease to run out.
        await asyncio.gather(*self._intake, return_exceptions=True)
        while self.held:
            await self._ended.wait()

    async def leave(self) -> None:
        """Tell the queue that this lane is gone."""
        await self._consumer.leave()

    async def _take(self, priority: str) -> None:
        """Keep every child supplied, and hold no more than that: other workers may be idle."""
        backoff = 0.0
        while not self._draining:
            if self._held[priority] >= self._most:
                await self._ended.wait()
                continue
            try:
                self._hold(await self._consumer.take(priority, self._most - self._held[priority]))
                backoff = 0.0
            except QueueUnavailable as error:
                backoff = min(_MAX_BACKOFF_S, backoff * 2 + 0.05)
                _log.warning("queue_unavailable", error=str(error), retry_s=round(backoff, 2))
                await asyncio.sleep(backoff * (0.5 + random()))

    async def _claim(self) -> None:
        if self._draining:
            return
        self._hold(await self._consumer.claim(_CLAIM_AT_ONCE))

    def _hold(self, tasks: list[Task]) -> None:
        for task in tasks:
            self._held[task.priority] += 1
        self._backlog.put(tasks)

    async def _work(self, slot: Slot) -> None:
        while True:
            task = await self._backlog.take()
            try:
                await self._do(slot, task)
            except Gone as gone:
                self._answers.put_nowait(lost(task, gone))
            finally:
                self._backlog.ended(task)

    async def _do(self, slot: Slot, task: Task) -> None:
        """Raises Gone where its items are in a file that is not there."""
        if time.monotonic() - task.taken > _ASK_AFTER_S and not await self._wanted(task):
            self._let_go(task)
            self._wake()
            return
        waited = task.queue_ms
        if task.expired:
            late = codec.same_for_all(
                codec.decode_batch(load(task.envelope.payload)), Status.TIMEOUT, "the deadline passed in the queue"
            )
            self._answers.put_nowait(Answer(task, codec.encode(late), waited, True))
            return

        def answer(scores: bytes, last: bool) -> None:
            self._answers.put_nowait(Answer(task, scores, waited, last))

        await slot.run(task.envelope.payload, task.envelope.items, answer)

    async def _send_answers(self) -> None:
        """Send all answers there are in one round trip; while the server is away, keep them."""
        while True:
            answers = [await self._answers.get()]
            while len(answers) < _ANSWERS_AT_ONCE and not self._answers.empty():
                answers.append(self._answers.get_nowait())
            await self._send(answers)
            for answer in answers:
                if answer.last:
                    self._let_go(answer.task)
            self._wake()

    async def _wanted(self, task: Task) -> bool:
        """Ask about work that has waited for long; while the server is away, do it."""
        try:
            return await self._consumer.still_wanted(task)
        except QueueUnavailable:
            return True

    def _let_go(self, task: Task) -> None:
        self._held[task.priority] -= 1

    def _wake(self) -> None:
        self._ended.set()
        self._ended.clear()

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
