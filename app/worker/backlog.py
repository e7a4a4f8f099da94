"""Micro-batches that wait for a child: online ones first, yet never so that offline ones starve."""

import asyncio
import time
from collections import deque

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
        self._running: dict[str, int] = dict.fromkeys(PRIORITIES, 0)
        self._most_offline = max(1, children - 1)
        """While a child is kept free."""
        self._free_until = 0.0
        self._turn = 0
        self._takers: deque[asyncio.Future[Task]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, tasks: list[Task]) -> None:
        online, _ = PRIORITIES
        for task in tasks:
            self._waiting[task.priority].append(task)
            if task.priority == online:
                self._free_until = time.monotonic() + _KEEP_FREE_S
        self._hand_out()

    async def take(self) -> Task:
        """The next in turn; waits for one. Tell `ended` when a child is done with it."""
        taker: asyncio.Future[Task] = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        self._hand_out()
        return await taker

    def ended(self, task: Task) -> None:
        """Its child is free."""
        self._running[task.priority] -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._takers and (priority := self._next()) is not None:
            taker = self._takers.popleft()
            if taker.done():  # Cancelled.
                continue
            self._turn += 1
            self._running[priority] += 1
            taker.set_result(self._waiting[priority].popleft())
        _, offline = PRIORITIES
        if self._takers and self._waiting[offline] and self._timer is None:
            left = self._free_until - time.monotonic()
            self._timer = asyncio.get_running_loop().call_later(max(0.0, left), self._look_again)

    def _look_again(self) -> None:
        """A child that was kept free may be needed no more."""
        self._timer = None
        self._hand_out()

    def _next(self) -> str | None:
        """The priority whose turn it is; None where there is nothing to take."""
        online, offline = PRIORITIES
        if not self._waiting[offline] or (
            self._running[offline] >= self._most_offline and time.monotonic() < self._free_until
        ):
            return online if self._waiting[online] else None
        offline_first = (self._turn + 1) % _OFFLINE_TURN == 0
        return offline if offline_first or not self._waiting[online] else online
