"""What a child is at work on, in memory that its parent can read even while the child hangs or after it died."""

import mmap
import os
import struct
from multiprocessing import reduction
from typing import Any, NamedTuple

_LAYOUT = struct.Struct("=IIQdd")
_ITEM = 0
_STARTED = 1
"""Positions in the layout taken for 32 and 64 bit numbers."""
_SIZE = mmap.PAGESIZE


class Point(NamedTuple):
    """A component of an item that a child has begun."""

    item: int
    """Position in the micro-batch."""
    component: int
    """Position among the micro-batch's components."""
    started_ns: int
    """On the monotonic clock, which all processes share; 0 while idle."""
    cpu_s: float
    """The component's own limits; 0 where it has none."""
    wall_s: float


class Progress:
    """A page shared by parent and child: the child writes, the parent reads.

    A read may meet a half-written point. The watchdog only acts on a point that has stood for long.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._map = mmap.mmap(fd, _SIZE)
        self._small, self._large = memoryview(self._map).cast("I"), memoryview(self._map).cast("Q")

    @classmethod
    def create(cls) -> "Progress":
        fd = os.memfd_create("assay-progress")
        os.ftruncate(fd, _SIZE)
        return cls(fd)

    def __reduce__(self) -> Any:
        """Goes to a child as a duplicate of the file descriptor, while that child is being started."""
        return _rebuild, (reduction.DupFd(self._fd),)

    def begin(self, item: int, component: int, started_ns: int, cpu_s: float = 0.0, wall_s: float = 0.0) -> None:
        """Note what is begun. It is called for every component: no system call may be in it."""
        _LAYOUT.pack_into(self._map, 0, item, component, started_ns, cpu_s, wall_s)

    def next(self, item: int, started_ns: int) -> None:
        """The same component as before begins with another item."""
        self._small[_ITEM] = item
        self._large[_STARTED] = started_ns

    def idle(self) -> None:
        _LAYOUT.pack_into(self._map, 0, 0, 0, 0, 0.0, 0.0)

    def read(self) -> Point:
        return Point(*_LAYOUT.unpack_from(self._map, 0))

    def close(self) -> None:
        self._small.release()
        self._large.release()
        self._map.close()
        os.close(self._fd)


def _rebuild(duplicate: Any) -> Progress:
    return Progress(duplicate.detach())
