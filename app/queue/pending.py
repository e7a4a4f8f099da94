"""A request whose items are being scored: collects the scores as they arrive from any number of lanes."""

import asyncio
import time
from collections.abc import AsyncGenerator

from app.queue.codec import ComponentScore
from app.status import Status

Components = list[tuple[int, ComponentScore]]
"""`(position in the rubric, score)`."""


class Pending:
    """Scores of one request, `scores[item][component]`, None until known. The first answer to arrive counts."""

    def __init__(self, request: str, items: int, components: int, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        """On the clock of `time.monotonic`."""
        self.scores: list[list[ComponentScore | None]] = [[None] * components for _ in range(items)]
        self.queue_ms = 0.0
        """Longest wait in the queue among the micro-batches."""
        self._missing = [components] * items
        self._ready: asyncio.Queue[int | Exception] = asyncio.Queue()

    def receive(self, item: int, components: Components) -> None:
        """Take scores of an item; a second answer to the same component is dropped."""
        row = self.scores[item]
        for component, score in components:
            if row[component] is None:
                row[component] = score
                self._missing[item] -= 1
                if not self._missing[item]:
                    self._ready.put_nowait(item)

    def fail(self, error: Exception) -> None:
        """The work could not be sent: `ready` raises this."""
        self._ready.put_nowait(error)

    async def ready(self) -> AsyncGenerator[int]:
        """Positions of the items as they are complete, each once; past the deadline what is missing is timed out.

        Raises what `fail` was given.
        """
        for _ in range(len(self.scores)):
            try:
                async with asyncio.timeout(max(0.0, self.deadline - time.monotonic())):
                    index = await self._ready.get()
            except TimeoutError:
                self._time_out()
                index = self._ready.get_nowait()
            if isinstance(index, Exception):
                raise index
            yield index

    def _time_out(self) -> None:
        late = ComponentScore(None, Status.TIMEOUT, {"detail": "the request's deadline passed"}, 0)
        for item, row in enumerate(self.scores):
            self.receive(item, [(c, late) for c, score in enumerate(row) if score is None])
