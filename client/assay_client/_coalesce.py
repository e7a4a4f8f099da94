"""Single items of many threads and tasks, brought together into batches: one request an item would cost the service
and the caller several times the work.

What an item costs beyond its share of a batch is one lock that its caller sleeps on: no future, no turn of a loop.
"""

from __future__ import annotations

import asyncio
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from assay_client._errors import AssayError
from assay_client._models import Item, Result, Rubric, Scored

Score = Callable[[list[Item], Rubric, float, Mapping[str, Any]], Awaitable[Scored]]
"""Scores a batch by a point in time of the monotonic clock."""
BATCH_ITEMS = 256
"""Items of a coalesced request: the service cuts it into micro-batches of 32, enough for its cores."""
_IN_FLIGHT = 3
"""Coalesced requests of one kind at once: two at work, one on its way; more would only be smaller."""
_LINGER_S = 0.001
"""An item waits so long for others while the service has nothing of its kind; nothing beside the time it takes."""
_BUSY_LINGER_S = 0.01
"""While it has, a batch grows until it is a fair share of all who call, at most so long."""
_KINDS_KEPT = 16
"""Kinds without work that are remembered, for how many their callers were."""


class _Waiting(ABC):
    """An item, and the caller who waits for its result."""

    def __init__(self, item: Item, deadline: float) -> None:
        self.item = item
        self.deadline = deadline
        self.outcome: Result | Exception | None = None

    @property
    @abstractmethod
    def wanted(self) -> bool:
        """Whether the caller still waits."""

    @abstractmethod
    def wake(self) -> None:
        """The outcome is there."""


class _Thread(_Waiting):
    """A thread that sleeps on a lock."""

    def __init__(self, item: Item, deadline: float) -> None:
        super().__init__(item, deadline)
        self._wanted = True
        self._lock = threading.Lock()
        self._lock.acquire()

    @property
    def wanted(self) -> bool:
        return self._wanted

    def wake(self) -> None:
        self._lock.release()

    def wait(self) -> Result:
        """The result. Raises what came instead of it."""
        try:
            self._lock.acquire()
        except BaseException:  # Interrupted: nobody will look at the result.
            self._wanted = False
            raise
        return _unpacked(self.outcome)


class _Task(_Waiting):
    """A task of some event loop."""

    def __init__(self, item: Item, deadline: float) -> None:
        super().__init__(item, deadline)
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] = self._loop.create_future()

    @property
    def wanted(self) -> bool:
        return not self._woken.done()

    def wake(self) -> None:
        with suppress(RuntimeError):  # Its loop is closed, with the task.
            self._loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)

    async def wait(self) -> Result:
        """As of a thread."""
        await self._woken
        return _unpacked(self.outcome)


def _unpacked(outcome: Result | Exception | None) -> Result:
    if isinstance(outcome, Result):
        return outcome
    raise outcome if outcome is not None else AssayError("the client was closed")


@dataclass
class _Kind:
    """Items of one rubric and one set of options."""

    rubric: Rubric
    options: Mapping[str, Any]
    waiting: list[_Waiting] = field(default_factory=list[_Waiting])
    requests: int = 0
    """Under way."""
    items: int = 0
    """In those."""
    share: int = BATCH_ITEMS
    """Items that are enough for a request: those who called when the last one ended, divided by the requests that may
    be under way. More in one and others would have nothing to do meanwhile; fewer and each would cost as much."""
    lingering: bool = False
    """The loop will look at what waits in a while."""
    called: bool = False
    """The loop will look at once."""
    timer: asyncio.TimerHandle | None = None


class Coalescer:
    """Runs on the client's loop; `score` and `ascore` may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, score: Score) -> None:
        self._loop = loop
        self._score = score
        self._lock = threading.Lock()
        self._kinds: dict[Hashable, _Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def score(self, item: Item, rubric: Rubric, deadline: float, options: Mapping[str, Any]) -> Result:
        """Have one item scored with whatever else is waiting. Raises AssayError, TypeError, ValueError."""
        one = _Thread(item, deadline)
        self._add(one, rubric, options)
        return one.wait()

    async def ascore(self, item: Item, rubric: Rubric, deadline: float, options: Mapping[str, Any]) -> Result:
        """As `score`, on any event loop."""
        one = _Task(item, deadline)
        self._add(one, rubric, options)
        return await one.wait()

    def _add(self, one: _Waiting, rubric: Rubric, options: Mapping[str, Any]) -> None:
        key = _key(rubric, options)
        with self._lock:
            kind = self._kinds.get(key)
            if kind is None:
                kind = self._kinds[key] = _Kind(rubric, dict(options))
            kind.waiting.append(one)
            enough = not kind.called and len(kind.waiting) >= kind.share
            if not enough and kind.lingering:
                return
            kind.called = kind.called or enough
            kind.lingering = True
            linger = 0.0 if enough else _BUSY_LINGER_S if kind.requests else _LINGER_S
        self._loop.call_soon_threadsafe(self._flush_in, key, kind, linger)

    def _flush_in(self, key: Hashable, kind: _Kind, linger: float) -> None:
        if not linger:
            self._flush(key, kind)
        elif kind.timer is None:
            kind.timer = self._loop.call_later(linger, self._flush, key, kind)

    def _flush(self, key: Hashable, kind: _Kind) -> None:
        """Send what waits, as far as there may be more under way; the rest goes when one of those ends."""
        if kind.timer is not None:
            kind.timer.cancel()
            kind.timer = None
        while True:
            with self._lock:
                kind.called = kind.lingering = False
                if not kind.waiting:
                    if not kind.requests and len(self._kinds) > _KINDS_KEPT and self._kinds.get(key) is kind:
                        del self._kinds[key]
                    return
                if kind.requests >= _IN_FLIGHT:
                    kind.lingering = True  # The end of one of those is what it waits for.
                    return
                batch, kind.waiting = kind.waiting[:BATCH_ITEMS], kind.waiting[BATCH_ITEMS:]
                kind.requests += 1
                kind.items += len(batch)
            task = self._loop.create_task(self._send(key, kind, batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, key: Hashable, kind: _Kind, batch: list[_Waiting]) -> None:
        try:
            await self._answer(kind, [one for one in batch if one.wanted])
        finally:
            with self._lock:
                kind.share = min(BATCH_ITEMS, -(-(len(kind.waiting) + kind.items) // _IN_FLIGHT))
                kind.requests -= 1
                kind.items -= len(batch)
                more = 0 < len(kind.waiting) < kind.share  # the callers of this batch may be back soon
                kind.lingering = kind.lingering or more
            for one in batch:
                one.wake()
            if more:
                self._flush_in(key, kind, _BUSY_LINGER_S if kind.requests else _LINGER_S)
            else:
                self._flush(key, kind)

    async def _answer(self, kind: _Kind, batch: Sequence[_Waiting]) -> None:
        """Score a batch by its last deadline; an item whose own passes earlier does not hold the others to it."""
        if not batch:
            return
        deadline = max(one.deadline for one in batch)
        try:
            scored = await self._score([one.item for one in batch], kind.rubric, deadline, kind.options)
        except (AssayError, TypeError, ValueError) as error:
            if len(batch) == 1 or isinstance(error, AssayError):
                for one in batch:
                    one.outcome = error
                return
            # One caller's item that can't be written as JSON is no reason for the others to fail.
            for one in batch:
                await self._answer(kind, [one])
            return
        for one, result in zip(batch, scored.results, strict=True):
            one.outcome = result


def _key(rubric: Rubric, options: Mapping[str, Any]) -> Hashable:
    """What items of one request must have in common."""
    if isinstance(rubric, str):
        if not options:
            return rubric
        if len(options) == 1:
            [(name, value)] = options.items()
            if isinstance(value, str):
                return rubric, name, value
    return json.dumps([rubric, options], sort_keys=True)
