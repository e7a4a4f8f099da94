"""Micro-batches that wait for a child: online ones first, yet never so that offline ones starve."""

import asyncio
import time
from collections import Counter, deque

from app.queue.consumer import Task
from app.queue.keys import PRIORITIES

_OFFLINE_TURN = 8
"""Every so many turns an offline micro-batch goes first."""
_KEEP_FREE_S = 1.0
"""After online work, one child takes no offline work for so long: more of the former is likely to come, and would
otherwise wait for a child, and for a core on a machine that has as many children as cores."""


class Backlog:
    """What a lane holds and no child has begun."""

    def __init__(self, children: int) -> None:
        self._waiting: dict[str, deque[Task]] = {priority: deque() for priority in PRIORITIES}
        self._running = Counter[str]()
        self._most_offline = max(1, children - 1)
        """While a child is kept free."""
        self._free_until = 0.0
        self._some = asyncio.Condition()
        self._turn = 0

    async def put(self, tasks: list[Task]) -> None:
        online, _ = PRIORITIES
        async with self._some:
            for task in tasks:
                self._waiting[task.priority].append(task)
                if task.priority == online:
                    self._free_until = time.monotonic() + _KEEP_FREE_S
            self._some.notify(len(tasks))

    async def take(self) -> Task:
        """The next in turn; waits for one. Tell `ended` when a child is done with it."""
        async with self._some:
            while (priority := self._next()) is None:
                await self._something()
            self._turn += 1
            self._running[priority] += 1
            return self._waiting[priority].popleft()

    async def ended(self, task: Task) -> None:
        """Its child is free."""
        async with self._some:
            self._running[task.priority] -= 1
            self._some.notify_all()

    def _next(self) -> str | None:
        """The priority whose turn it is; None where there is nothing to take."""
        online, offline = PRIORITIES
        kept_free = time.monotonic() < self._free_until and self._running[offline] >= self._most_offline
        if not self._waiting[offline] or kept_free:
            return online if self._waiting[online] else None
        offline_first = (self._turn + 1) % _OFFLINE_TURN == 0
        return offline if offline_first or not self._waiting[online] else online

    async def _something(self) -> None:
        """Wait until there may be something to take."""
        left = self._free_until - time.monotonic()
        try:
            async with asyncio.timeout(left if left > 0 else None):
                await self._some.wait()
        except TimeoutError:
            return
