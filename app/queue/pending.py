"""A request whose items are being scored: collects the scores as they arrive from any number of lanes."""

import asyncio
import time
from collections.abc import AsyncGenerator

from app.queue.codec import ComponentScore
from app.status import Status

Components = list[tuple[int, ComponentScore]]
"""`(position in the rubric, score)`."""
_LATE = ComponentScore(None, Status.TIMEOUT, {"detail": "the request's deadline passed"}, 0)


class Pending:
    """Scores of one request, `scores[item][component]`, None until known. The first answer to arrive counts.

    A request may grow while it is being scored: it is over when it is closed and all its items are complete.
    """

    def __init__(self, request: str, items: int, components: int, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        """On the clock of `time.monotonic`."""
        self.scores: list[list[ComponentScore | None]] = []
        self.queue_ms = 0.0
        """Longest wait in the queue among the micro-batches."""
        self._components = components
        self._missing: list[int] = []
        self._complete = 0
        self._open = False
        self.late = False
        """The deadline passed: whatever else is expected is timed out at once."""
        self._ready: asyncio.Queue[int | Exception | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self.extend(items)

    @property
    def waiting(self) -> int:
        """Items that are not complete."""
        return len(self.scores) - self._complete

    @property
    def more_ready(self) -> bool:
        """Whether `ready` has another item without waiting."""
        return not self._ready.empty()

    def extend(self, items: int) -> int:
        """Expect so many items more; the position of the first."""
        first = len(self.scores)
        self.scores.extend([None] * self._components for _ in range(items))
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
        self._ready.put_nowait(None)

    async def room(self, most: int) -> None:
        """Wait until fewer than so many items are being scored."""
        while self.waiting >= most:
            self._room.clear()
            await self._room.wait()

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
            self._room.set()
            self._ready.put_nowait(item)

    def release(self, item: int) -> None:
        """The scores of a complete item are not needed here any more."""
        self.scores[item] = []

    def fail(self, error: Exception) -> None:
        """The work could not be sent: `ready` raises this."""
        self._ready.put_nowait(error)

    async def ready(self) -> AsyncGenerator[int]:
        """Positions of the items as they are complete, each once; past the deadline what is missing is timed out.

        Raises what `fail` was given.
        """
        given = 0
        while self._open or given < len(self.scores):
            index = await self._next()
            if isinstance(index, Exception):
                raise index
            if index is not None:
                given += 1
                yield index

    async def _next(self) -> int | Exception | None:
        if not self._ready.empty():
            return self._ready.get_nowait()
        if not self.late:
            try:
                async with asyncio.timeout(max(0.0, self.deadline - time.monotonic())):
                    return await self._ready.get()
            except TimeoutError:
                self.late = True
                self._time_out(0)
        return await self._ready.get()

    def _time_out(self, first: int) -> None:
        for item in range(first, len(self.scores)):
            if self._missing[item]:
                self.receive(item, [(c, _LATE) for c, score in enumerate(self.scores[item]) if score is None])
