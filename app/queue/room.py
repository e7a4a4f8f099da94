"""Whether a lane has room for more: bounds on what waits, and a guess when it is worth asking again."""

import asyncio
import time
from collections.abc import Callable, Mapping
from math import ceil

from app.queue.connection import Server
from app.queue.keys import Keys
from app.rewards.base import LANES

_KNOWN_S = 0.05
"""How long the lanes are taken to be as they were."""
_LOOK_AGAIN_S = 0.025
"""Before that is over, the next look begins."""
_SHARE_TO_FREE = 0.1
"""Of a full lane, so much should be done before it is worth asking again."""
_LONGEST_RETRY_S = 60


class QueueFull(Exception):
    """As much waits as may. The message says what and where."""

    def __init__(self, detail: str, retry_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_s = retry_s


class Room:
    """The lanes of all API processes together, looked at now and then."""

    def __init__(
        self,
        server: Server,
        keys: Keys,
        *,
        most_batches: int,
        most_bytes: int,
        elsewhere: Callable[[], Mapping[tuple[str, str], int]] | None = None,
    ) -> None:
        """`elsewhere`: bytes that wait outside of the server, by lane and priority."""
        self._elsewhere = elsewhere
        self._server = server
        self._keys = keys
        self._most_batches = most_batches
        self._most_bytes = most_bytes
        self._known_until: dict[str, float] = {}
        self._looks: dict[str, asyncio.Task[None]] = {}
        """Under way, by priority: many requests at once need one answer."""

    def known(self, priority: str) -> bool:
        """Whether there was room a moment ago. While this is asked all the time, nobody has to wait for a look."""
        left = self._known_until.get(priority, 0.0) - time.monotonic()
        if 0.0 < left < _LOOK_AGAIN_S:
            self._looked(priority)
        return left > 0.0

    async def check(self, priority: str) -> None:
        """Look. Raises QueueFull, QueueUnavailable."""
        await asyncio.shield(self._looked(priority))

    def _looked(self, priority: str) -> asyncio.Task[None]:
        look = self._looks.get(priority)
        if look is None or look.done():
            look = self._looks[priority] = asyncio.create_task(self._look(priority))
            look.add_done_callback(_settled)
        return look

    async def _look(self, priority: str) -> None:
        streams = [self._keys.queue(lane, priority) for lane in LANES]
        sizes = await self._server.sizes(streams)
        elsewhere: Mapping[tuple[str, str], int] = self._elsewhere() if self._elsewhere is not None else {}
        for lane, stream, (batches, size) in zip(LANES, streams, sizes, strict=True):
            size += elsewhere.get((lane, priority), 0)
            if batches >= self._most_batches:
                raise QueueFull(f"lane '{lane}' has {batches} micro-batches waiting", await self._retry_s(stream))
            if size >= self._most_bytes:
                raise QueueFull(f"lane '{lane}' has about {size >> 20} MiB waiting", await self._retry_s(stream))
        self._known_until[priority] = time.monotonic() + _KNOWN_S

    async def _retry_s(self, stream: str) -> int:
        """A share of how long the oldest entry has waited: by then as large a share of the lane should be done."""
        [oldest] = await self._server.oldest([stream])
        waited = time.time() - int(oldest.split(b"-")[0]) / 1000 if oldest else 0.0
        return min(max(1, ceil(waited * _SHARE_TO_FREE)), _LONGEST_RETRY_S)


def _settled(look: asyncio.Task[None]) -> None:
    """A look that found no room, or no server, is nobody's error yet: who comes when it is not known looks himself."""
    if not look.cancelled():
        look.exception()
