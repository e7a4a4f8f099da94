"""Whether a run's sockets are gone: those on their way through one another outlive the processes that sent them.

The kernel's collector ends them some milliseconds later. Until then their names and their number could tell the next
program what this one knew, as the network namespace is a slot's and not a run's.
"""

import os
import socket
import time
from contextlib import suppress

STATE = "/proc/self/net/sockstat"
"""Its first line has the number of all sockets in the namespace."""
STATE_BYTES = 48
PATIENCE_S = 5.0
"""A collector that takes longer is not coming: this slot is given up."""
PAUSE_S = 0.0005


class Sockets:
    """The sockets of this process's network namespace."""

    def __init__(self) -> None:
        self.fd = -1
        with suppress(OSError):
            self.fd = os.open(STATE, os.O_RDONLY)
        self._own = self._count()

    def _count(self) -> int:
        text = os.pread(self.fd, STATE_BYTES, 0) if self.fd >= 0 else b""
        first = text.partition(b"\n")[0].split()
        return int(first[2]) if len(first) > 2 and first[2].isdigit() else 0

    def settle(self) -> None:
        """Wait until there are none but the harness's own. Raises OSError if that does not come to be."""
        deadline = time.monotonic() + PATIENCE_S
        while (count := self._count()) > self._own:
            if time.monotonic() > deadline:
                raise OSError("sockets of an earlier run stay")
            for end in socket.socketpair():  # closing one calls the collector
                end.close()
            time.sleep(PAUSE_S)
        self._own = count
