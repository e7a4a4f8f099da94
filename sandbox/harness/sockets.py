"""Whether a run's sockets are gone: those on their way through one another outlive the processes that sent them.

The kernel's collector ends them some milliseconds later (gVisor has none: there the slot is given up). Until then their
names and their number could tell the next program what this one knew, as the network namespace is not a run's own.
"""

import os
import socket
import time
from contextlib import suppress

TOTAL, TABLE = "/proc/self/net/sockstat", "/proc/self/net/unix"
"""The first begins with the number of all sockets in the namespace; the second lists the local ones, a line each."""
STATE_BYTES = 1 << 16
PATIENCE_S = 2.0
"""A collector that takes longer is not coming."""
PAUSE_S = 0.0005


class SocketsStay(Exception):
    """An earlier run's sockets do not go away."""


class Sockets:
    """The sockets of this process's network namespace."""

    def __init__(self) -> None:
        self.fd = -1
        for state in (TABLE, TOTAL):
            with suppress(OSError):
                self.fd = os.open(state, os.O_RDONLY)
        self._own: int | None = None
        """The harness's: what there is before the first run, whose message has come through all of them."""

    def _count(self) -> int:
        text = os.pread(self.fd, STATE_BYTES, 0) if self.fd >= 0 else b""
        first = text.partition(b"\n")[0].split()
        return int(first[2]) if first[:1] == [b"sockets:"] else text.count(b"\n")

    def settle(self) -> None:
        """Wait until there are none but the harness's own. Raises SocketsStay."""
        deadline = time.monotonic() + PATIENCE_S
        while (count := self._count()) > (count if self._own is None else self._own):
            if time.monotonic() > deadline:
                raise SocketsStay
            for end in socket.socketpair():  # closing one calls the collector
                end.close()
            time.sleep(PAUSE_S)
        self._own = count
