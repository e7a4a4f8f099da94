"""Ages on the queue server's clock alone: no host's clock counts, and a jump of the server's own does no harm."""

import time
from collections import deque
from typing import NamedTuple

_JUMP_MS = 1500
"""Step between two looks at the server's clock that is no drift; above the time between looks, so that what was
written before the jump can be told from what was written after."""
_JUMPS_KEPT = 8


class _Jump(NamedTuple):
    before_ms: float
    """Entries with older ids were written before it."""
    by_ms: float


class ServerClock:
    """Maps the process's monotonic clock to the server's, which writes the time into the ids of stream entries."""

    def __init__(self) -> None:
        self._offset_ms: float | None = None
        self._jumps: deque[_Jump] = deque(maxlen=_JUMPS_KEPT)

    def observe(self, server_ms: float, monotonic_s: float) -> None:
        """Take a reading of the server's clock, and when it was read. To be called about once a second."""
        offset = server_ms - monotonic_s * 1000
        if self._offset_ms is not None:
            step = offset - self._offset_ms
            if step > _JUMP_MS:  # After a step back the server goes on from its last id: ages come out too small.
                self._jumps.append(_Jump(server_ms - step, step))
        self._offset_ms = offset

    def age_ms(self, entry: bytes) -> float:
        """Time since an entry of a stream was written, never negative; 0 before the first reading."""
        if self._offset_ms is None:
            return 0.0
        written = int(entry.split(b"-", 1)[0])
        age = time.monotonic() * 1000 + self._offset_ms - written
        return max(0.0, age - sum(jump.by_ms for jump in self._jumps if written <= jump.before_ms))
