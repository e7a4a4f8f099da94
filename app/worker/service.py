"""The worker's parent: a lane for each kind of work, watched children, a word every second that it lives."""

import asyncio
import os
import signal
import socket
import time
import uuid

import msgspec
import structlog

from app import __version__
from app.queue.clock import ServerClock
from app.queue.connection import Server
from app.queue.consumer import Consumer
from app.queue.keys import Keys
from app.queue.outage import QueueUnavailable
from app.queue.presence import Presence
from app.rewards.base import CPU_LANE
from app.settings import Settings
from app.worker.forking import fork_server
from app.worker.lane import Lane, steadily
from app.worker.slot import Budget, Slot

_log = structlog.get_logger(__name__)
_MIB = 1 << 20
_WATCH_S = 0.05
_HEARTBEAT_S = 1.0


class Worker:
    """One process; `run` until told to stop, then finishes what it holds within the grace period."""

    def __init__(self, settings: Settings, lanes: tuple[str, ...]) -> None:
        self._settings = settings
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._server = Server.of(settings)
        keys = Keys(settings.namespace)
        self._presence = Presence(self._server, keys, self._name)
        self._clock = ServerClock()
        self._context = fork_server()
        self._lanes = {lane: self._lane(lane, keys) for lane in lanes}
        self._stopping = asyncio.Event()

    def _lane(self, lane: str, keys: Keys) -> Lane:
        s = self._settings
        budget = Budget.of(s, lane)
        pinned = s.pin_children and lane == CPU_LANE  # a program's processes go where there is room
        cores = sorted(os.sched_getaffinity(0)) if pinned else [None]
        slots = [Slot(self._context, budget, s.log_level, cores[n % len(cores)]) for n in range(s.children)]
        consumer = Consumer(
            self._server,
            keys,
            self._name,
            lane,
            self._clock,
            max_deliveries=s.max_deliveries,
            reply_ttl_s=s.reply_ttl_s,
            lease_s=s.lease_s,
        )
        return Lane(consumer, slots, prefetch=s.prefetch, lease_s=s.lease_s)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            async with asyncio.TaskGroup() as group:
                working = group.create_task(self._work())
                await self._stopping.wait()
                await self._drain()
                working.cancel()
        finally:
            for lane in self._lanes.values():
                for slot in lane.slots:
                    await slot.close()
            await self._leave()
        _log.info("worker_stopped", name=self._name)

    async def _work(self) -> None:
        if CPU_LANE in self._lanes:  # The others start their children with their first work.
            await asyncio.gather(*(slot.start() for slot in self._lanes[CPU_LANE].slots))
        await asyncio.gather(*(lane.prepare() for lane in self._lanes.values()))
        _log.info("worker_started", name=self._name, lanes=list(self._lanes), children=self._settings.children)
        async with asyncio.TaskGroup() as group:
            group.create_task(steadily(self._heartbeat, _HEARTBEAT_S))
            group.create_task(self._watch())
            for lane in self._lanes.values():
                group.create_task(lane.run())

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._settings.grace_s):
                await asyncio.gather(*(lane.drain() for lane in self._lanes.values()))
        except TimeoutError:
            _log.warning("grace_over", held={name: lane.held for name, lane in self._lanes.items()})

    async def _leave(self) -> None:
        try:
            await self._presence.leave()
            for lane in self._lanes.values():
                await lane.leave()
            await self._server.close()
        except QueueUnavailable as error:
            _log.warning("left_without_word", error=str(error))

    async def _heartbeat(self) -> None:
        asked = time.monotonic()
        server_ms = await self._server.time_ms()
        self._clock.observe(server_ms, (asked + time.monotonic()) / 2)
        about = {
            "version": __version__,
            "children": self._settings.children,
            "held": {name: lane.held for name, lane in self._lanes.items()},
        }
        await self._presence.say(msgspec.json.encode(about).decode())

    async def _watch(self) -> None:
        while True:
            for lane in self._lanes.values():
                for slot in lane.slots:
                    slot.watch()
            await asyncio.sleep(_WATCH_S)
