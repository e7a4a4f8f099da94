"""A request whose items are being scored: collects the scores as they arrive from any number of lanes."""

import asyncio
import time
from collections.abc import AsyncGenerator

from app.queue.codec import ComponentScore, ItemScores
from app.status import Status


class Pending:
    """Scores of one request, `scores[item][component]`, None until known. The first answer to arrive counts."""

    def __init__(self, request: str, items: int, components: int, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        """On the clock of `time.monotonic`."""
        self.scores: list[list[ComponentScore | None]] = [[None] * components for _ in range(items)]
        self.queue_ms = 0.0
        self._missing = [components] * items
        self._ready: asyncio.Queue[int] = asyncio.Queue()

    def receive(self, results: list[ItemScores], queue_ms: float) -> None:
        """Take scores of some items; a second answer to the same component is dropped."""
        self.queue_ms = max(self.queue_ms, queue_ms)
        for item in results:
            row = self.scores[item.index]
            for component, score in item.components:
                if row[component] is None:
                    row[component] = score
                    self._missing[item.index] -= 1
                    if not self._missing[item.index]:
                        self._ready.put_nowait(item.index)

    async def ready(self) -> AsyncGenerator[int]:
        """Positions of the items as they are complete, each once; past the deadline what is missing is timed out."""
        for _ in range(len(self.scores)):
            try:
                async with asyncio.timeout(max(0.0, self.deadline - time.monotonic())):
                    index = await self._ready.get()
            except TimeoutError:
                self._time_out()
                index = self._ready.get_nowait()
            yield index

    def _time_out(self) -> None:
        late = ComponentScore(None, Status.TIMEOUT, {"detail": "the request's deadline passed"}, 0)
        missing = [
            ItemScores(index, [(c, late) for c, score in enumerate(row) if score is None])
            for index, row in enumerate(self.scores)
        ]
        self.receive([item for item in missing if item.components], self.queue_ms)
