"""A request whose items are being scored: collects the scores as they arrive from any number of lanes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable

from app.queue.codec import ComponentScore
from app.status import Status

Components = list[tuple[int, ComponentScore]]
"""`(position in the rubric, score)`."""
_LATE = ComponentScore.of(None, Status.TIMEOUT, {"detail": "the request's deadline passed"}, 0)


class Pending:
    """Scores of one request, `scores[item][component]`, None until known. The first answer to arrive counts.

    A request may grow while it is being scored: it is over when it is closed and all its items are complete.
    """

    queue_ms = 0.0
    """Longest wait in the queue among the micro-batches."""
    late = False
    """The deadline passed: whatever else is expected is timed out at once."""
    _complete = 0
    _given = 0
    _open = False
    _failure: Exception | None = None
    _woken: asyncio.Future[None] | None = None
    """Of who waits in `completed`."""
    _room: asyncio.Future[None] | None = None
    """Of who waits in `room`."""
    _on_over: Callable[[], object] | None = None
    _timer: asyncio.TimerHandle | None = None

    def __init__(self, request: str, items: int, components: int, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        """On the clock of `time.monotonic`."""
        self.scores: list[list[ComponentScore | None]] = []
        self._components = components
        self._missing: list[int] = []
        self._fresh: list[int] = []
        """Complete, and not yet asked for."""
        if items:
            self.extend(items)

    @property
    def waiting(self) -> int:
        """Items that are not complete."""
        return len(self.scores) - self._complete

    def extend(self, items: int) -> int:
        """Expect so many items more; the position of the first."""
        first = len(self.scores)
        for _ in range(items):
            self.scores.append([None] * self._components)
        self._missing.extend([self._components] * items)
        if self.late:
            self._time_out(first)
        return first

    def keep_open(self) -> None:
        """More items will come: until `close`, `ready` waits for them."""
        self._open = True

    def close(self) -> None:
        """No more items will come."""
        self._open = False
        _wake(self._woken)

    async def room(self, most: int) -> None:
        """Wait until fewer than so many items are being scored."""
        while self.waiting >= most:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def receive(self, item: int, components: Components) -> None:
        """Take scores of an item; a second answer to the same component is dropped."""
        if not self._missing[item]:
            return
        row = self.scores[item]
        for component, score in components:
            if row[component] is None:
                row[component] = score
                self._missing[item] -= 1
        if not self._missing[item]:
            self._complete += 1
            self._fresh.append(item)
            _wake(self._woken)
            _wake(self._room)
            if self._on_over is not None and not self.waiting:
                self._over()

    def release(self, item: int) -> None:
        """The scores of a complete item are not needed here any more."""
        self.scores[item] = []

    def fail(self, error: Exception) -> None:
        """The work could not be sent: `completed` raises this."""
        self._failure = self._failure or error
        _wake(self._woken)
        if self._on_over is not None:
            self._over()

    async def completed(self) -> list[int]:
        """Positions of the items that became complete since the last call; waits for one, empty once there are no more.

        Past the deadline what is missing is timed out. Raises what `fail` was given.
        """
        while not self._fresh and (self._open or self._given < len(self.scores)):
            if self._failure is not None:
                raise self._failure
            await self._wait()
        return self._given_out()

    def when_over(self, loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
        """Instead of waiting in `completed`: have this called once, soon after all items are complete, the deadline has
        passed or the work has failed; it may ask for `all_completed`. `unwatch` where nobody wants that any more.
        """
        self._loop = loop
        self._on_over = call
        self._timer = loop.call_later(max(0.0, self.deadline - time.monotonic()), self._expire)
        if self._failure is not None or not self.waiting:
            self._over()

    def unwatch(self) -> None:
        """Call nothing."""
        self._on_over = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def all_completed(self) -> list[int]:
        """Positions of all items, of a request that is over. Raises what `fail` was given."""
        if self.waiting and self._failure is not None:
            raise self._failure
        return self._given_out()

    async def ready(self) -> AsyncGenerator[int]:
        """Each of these positions by itself."""
        while fresh := await self.completed():
            for index in fresh:
                yield index

    def _given_out(self) -> list[int]:
        fresh, self._fresh = self._fresh, []
        self._given += len(fresh)
        return fresh

    def _over(self) -> None:
        """Not called at once: who hands out scores is in the midst of it."""
        if self._on_over is not None:
            self._loop.call_soon(self._on_over)
        self.unwatch()

    async def _wait(self) -> None:
        """Until an item is complete, the deadline has passed, or anything else changed."""
        loop = asyncio.get_running_loop()
        self._woken = loop.create_future()
        timer = None if self.late else loop.call_later(max(0.0, self.deadline - time.monotonic()), self._expire)
        try:
            await self._woken
        finally:
            if timer is not None:
                timer.cancel()

    def _expire(self) -> None:
        self.late = True
        self._time_out(0)

    def _time_out(self, first: int) -> None:
        for item in range(first, len(self.scores)):
            if self._missing[item]:
                self.receive(item, [(c, _LATE) for c, score in enumerate(self.scores[item]) if score is None])


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
