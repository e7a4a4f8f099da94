"""The worker's parent: takes micro-batches from Redis, spreads them over its children, sends the scores back."""

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable
from random import random

import msgspec
import structlog

from app import __version__
from app.queue import codec
from app.queue.connection import QueueUnavailable, Server
from app.queue.consumer import Answer, Consumer, Task
from app.queue.keys import Keys
from app.settings import Settings
from app.status import Status
from app.worker.slot import Budget, Slot, fork_server

_log = structlog.get_logger(__name__)
_MIB = 1 << 20
_WATCH_S = 0.05
_HEARTBEAT_S = 1.0
_RENEWALS_PER_LEASE = 4
_CLAIM_AT_ONCE = 16
_ANSWERS_AT_ONCE = 32
_MAX_BACKOFF_S = 2.0


class Worker:
    """One process; `run` until told to stop, then finishes what it holds within the grace period."""

    def __init__(self, settings: Settings, lanes: tuple[str, ...]) -> None:
        self._settings = settings
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._server = Server(settings.server_url)
        self._lanes = lanes
        self._consumer = Consumer(
            self._server,
            Keys(settings.namespace),
            self._name,
            lanes,
            max_deliveries=settings.max_deliveries,
            reply_ttl_s=settings.reply_ttl_s,
        )
        budget = Budget(
            settings.item_cpu_s, settings.item_wall_s, settings.child_memory_mb * _MIB, settings.child_max_items
        )
        context = fork_server()
        self._slots = [Slot(context, budget, settings.log_level) for _ in range(settings.children)]
        self._tasks: asyncio.Queue[Task] = asyncio.Queue()
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._held = 0
        self._room = asyncio.Condition()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        await asyncio.gather(*(slot.start() for slot in self._slots))
        await self._create_groups()
        _log.info("worker_started", name=self._name, lanes=self._lanes, children=len(self._slots))
        upkeep = [
            asyncio.create_task(self._steadily(self._heartbeat, _HEARTBEAT_S)),
            asyncio.create_task(self._steadily(self._consumer.renew, self._settings.lease_s / _RENEWALS_PER_LEASE)),
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._send_answers()),
        ]
        intake = [
            asyncio.create_task(self._take()),
            asyncio.create_task(self._steadily(self._claim, self._settings.lease_s / 2)),
        ]
        work = [asyncio.create_task(self._work(slot)) for slot in self._slots]
        everything = [*upkeep, *intake, *work]
        stop = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait([stop, *everything], return_when=asyncio.FIRST_COMPLETED)
        await self._drain(intake)
        for task in everything:
            task.cancel()
        results = await asyncio.gather(*everything, return_exceptions=True)
        for slot in self._slots:
            await slot.close()
        await self._leave()
        if stop not in done:
            stop.cancel()
            raise next(r for r in results if isinstance(r, Exception))
        _log.info("worker_stopped", name=self._name)

    async def _create_groups(self) -> None:
        """Wait for the server, and have all queues there before the first read."""
        while not self._stopping.is_set():
            try:
                await self._consumer.create_groups()
                return
            except QueueUnavailable as error:
                _log.warning("queue_unavailable", error=str(error))
                await asyncio.sleep(_MAX_BACKOFF_S * random())

    async def _drain(self, intake: list[asyncio.Task[None]]) -> None:
        """Take nothing more; wait for what is held, within the grace period."""
        for task in intake:
            task.cancel()
        await asyncio.gather(*intake, return_exceptions=True)
        try:
            async with asyncio.timeout(self._settings.grace_s), self._room:
                await self._room.wait_for(lambda: self._held == 0)
        except TimeoutError:
            _log.warning("grace_over", held=self._held)

    async def _leave(self) -> None:
        try:
            await self._consumer.leave()
            await self._server.close()
        except QueueUnavailable as error:
            _log.warning("left_without_word", error=str(error))

    async def _steadily(self, action: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Do it for ever; while the server is away, keep trying."""
        while True:
            try:
                await action()
            except QueueUnavailable as error:
                _log.warning("queue_unavailable", error=str(error))
            await asyncio.sleep(every_s)

    async def _heartbeat(self) -> None:
        about = {"version": __version__, "lanes": self._lanes, "children": len(self._slots), "held": self._held}
        await self._consumer.heartbeat(msgspec.json.encode(about).decode())

    async def _watch(self) -> None:
        while True:
            for slot in self._slots:
                slot.watch()
            await asyncio.sleep(_WATCH_S)

    async def _take(self) -> None:
        """Keep every child supplied, and hold no more than that: other workers may be idle."""
        most = len(self._slots) * self._settings.prefetch
        backoff = 0.0
        while True:
            async with self._room:
                await self._room.wait_for(lambda: self._held < most)
            try:
                await self._hold(await self._consumer.take(most - self._held))
                backoff = 0.0
            except QueueUnavailable as error:
                backoff = min(_MAX_BACKOFF_S, backoff * 2 + 0.05)
                _log.warning("queue_unavailable", error=str(error), retry_s=round(backoff, 2))
                await asyncio.sleep(backoff * (0.5 + random()))

    async def _claim(self) -> None:
        await self._hold(await self._consumer.claim(int(self._settings.lease_s * 1000), _CLAIM_AT_ONCE))

    async def _hold(self, tasks: list[Task]) -> None:
        self._held += len(tasks)
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
                self._held -= sum(answer.last for answer in answers)
                self._room.notify_all()

    async def _send(self, answers: list[Answer]) -> None:
        while True:
            try:
                await self._consumer.answer(answers)
                return
            except QueueUnavailable as error:
                _log.warning("answers_wait", error=str(error), answers=len(answers))
                await asyncio.sleep(_MAX_BACKOFF_S * random())
