"""Micro-batches that wait for a child: online ones first, yet never so that offline ones starve."""

import asyncio
from collections import deque

from app.queue.consumer import Task
from app.queue.keys import PRIORITIES

_OFFLINE_TURN = 8
"""Every so many turns an offline micro-batch goes first."""


class Backlog:
    """What a lane holds and no child has begun."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Task]] = {priority: deque() for priority in PRIORITIES}
        self._some = asyncio.Condition()
        self._turn = 0

    async def put(self, tasks: list[Task]) -> None:
        async with self._some:
            for task in tasks:
                self._waiting[task.priority].append(task)
            self._some.notify(len(tasks))

    async def take(self) -> Task:
        """The next in turn; waits for one."""
        async with self._some:
            await self._some.wait_for(lambda: any(self._waiting.values()))
            self._turn += 1
            online, offline = (self._waiting[priority] for priority in PRIORITIES)
            first, second = (offline, online) if self._turn % _OFFLINE_TURN == 0 else (online, offline)
            return (first or second).popleft()
