"""Single items of many threads and tasks, brought together into batches: one request an item would cost the service
and the caller several times the work.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from assay_client._errors import AssayError
from assay_client._models import Item, Result, Rubric, Scored

Score = Callable[[list[Item], Rubric, float, Mapping[str, Any]], Awaitable[Scored]]
"""Scores a batch by a point in time of the monotonic clock."""
BATCH_ITEMS = 256
"""Items of a coalesced request: the service cuts it into micro-batches of 32, enough for its cores."""
_IN_FLIGHT = 3
"""Coalesced requests of one kind at once: one at work, one in the queue, one on its way."""
_LINGER_S = 0.001
"""An item waits so long for others; nothing beside the time that it takes to score one."""


@dataclass(frozen=True)
class _Waiting:
    item: Item
    deadline: float
    future: Future[Result]


@dataclass
class _Kind:
    """Items of one rubric and one set of options."""

    rubric: Rubric
    options: Mapping[str, Any]
    waiting: list[_Waiting] = field(default_factory=list[_Waiting])
    in_flight: int = 0
    flushing: bool = False


class Coalescer:
    """Runs on the client's loop; `add` may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, score: Score) -> None:
        self._loop = loop
        self._score = score
        self._lock = threading.Lock()
        self._kinds: dict[str, _Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, item: Item, rubric: Rubric, deadline: float, options: Mapping[str, Any]) -> Future[Result]:
        """Have one item scored with whatever else is waiting."""
        key = rubric if isinstance(rubric, str) and not options else json.dumps([rubric, options], sort_keys=True)
        one = _Waiting(item, deadline, Future())
        with self._lock:
            kind = self._kinds.setdefault(key, _Kind(rubric, dict(options)))
            kind.waiting.append(one)
            wake = not kind.flushing
            kind.flushing = True
        if wake:
            self._loop.call_soon_threadsafe(self._linger, key)
        return one.future

    def _linger(self, key: str) -> None:
        self._loop.call_later(_LINGER_S, self._flush, key)

    def _flush(self, key: str) -> None:
        """Send what waits, as far as there may be more under way; the rest goes when one of those ends."""
        while True:
            with self._lock:
                kind = self._kinds[key]
                kind.flushing = False
                if not kind.waiting:
                    if not kind.in_flight:
                        del self._kinds[key]
                    return
                if kind.in_flight >= _IN_FLIGHT:
                    return
                batch, kind.waiting = kind.waiting[:BATCH_ITEMS], kind.waiting[BATCH_ITEMS:]
                kind.in_flight += 1
            task = self._loop.create_task(self._send(key, kind, batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, key: str, kind: _Kind, batch: list[_Waiting]) -> None:
        batch = [one for one in batch if one.future.set_running_or_notify_cancel()]
        try:
            await self._answer(kind, batch)
        finally:
            with self._lock:
                kind.in_flight -= 1
            for one in batch:
                if not one.future.done():
                    one.future.set_exception(AssayError("the client was closed"))
            self._flush(key)

    async def _answer(self, kind: _Kind, batch: list[_Waiting]) -> None:
        """Score a batch by its last deadline; an item whose own passes earlier does not hold the others to it."""
        if not batch:
            return
        deadline = max(one.deadline for one in batch)
        try:
            scored = await self._score([one.item for one in batch], kind.rubric, deadline, kind.options)
        except (AssayError, TypeError, ValueError) as error:
            if len(batch) == 1 or isinstance(error, AssayError):
                for one in batch:
                    one.future.set_exception(error)
                return
            # One caller's item that can't be written as JSON is no reason for the others to fail.
            for one in batch:
                await self._answer(kind, [one])
            return
        for one, result in zip(batch, scored.results, strict=True):
            one.future.set_result(result)


def remaining(deadline: float) -> float:
    """Seconds until a point in time of the monotonic clock."""
    return deadline - time.monotonic()
