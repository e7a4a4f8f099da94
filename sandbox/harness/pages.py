"""Lays a warm interpreter out in memory such that a fork of it, and the end of the fork, cost little.

For each run the kernel copies the interpreter's list of mappings and its page tables, looks at each page that the
program touches for the first time, and takes all of it apart again: more than half of a short program's time. Less of
it is needed where the mappings of a library are two and not five, and where objects and code lie in large pages
(transparent huge pages; the machine's setting does not matter, but kernels before 6.1 have no call for it, and then all
stays as it was).

Nothing of it is about what a program may do: each writes to copies of its own, as before.
"""

import ctypes
import errno
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from sandbox.harness import kernel

LARGE = 2 << 20
TRIES, PAUSE_S = 5, 0.001
"""A page that the kernel is busy with can't be moved at once."""
READ, WRITE, EXECUTE = 1, 2, 4


class Mapping(NamedTuple):
    """A line of /proc/self/maps."""

    start: int
    end: int
    rights: str
    name: str

    @property
    def blocks(self) -> range:
        """Where whole large pages of it begin."""
        return range(-(-self.start // LARGE) * LARGE, self.end // LARGE * LARGE, LARGE)


def mappings() -> Iterator[Mapping]:
    """This process's. Raises OSError."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        lines = file.readlines()
    for line in lines:
        span, rights, _, _, _, *name = line.rstrip("\n").split(maxsplit=5)
        start, end = (int(part, 16) for part in span.split("-"))
        yield Mapping(start, end, rights, name[0] if name else "")


def join() -> None:
    """Let what is mapped of each library be two mappings, one that is executed and one that is written.

    Neighbours of the same rights become one by themselves; what was only read now has its neighbour's rights too.
    """
    for before, after in pairwise(sorted(mappings())):
        if before.name != after.name or not before.name.startswith("/") or before.end != after.start:
            continue
        with suppress(OSError):
            match before.rights, after.rights:
                case ("r--p", "rw-p"):
                    kernel.mprotect(before.start, before.end - before.start, READ | WRITE)
                case ("r--p", "r-xp"):
                    kernel.mprotect(before.start, before.end - before.start, READ | EXECUTE)
                case ("r-xp", "r--p"):
                    kernel.mprotect(after.start, after.end - after.start, READ | EXECUTE)
                case _:
                    pass


def lift(library: ctypes.PyDLL) -> None:
    """Put the interpreter's own code into large pages, whose places in page tables are one each."""
    code = ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p).value or 0
    for mapping in mappings():
        if mapping.rights == "r-xp" and mapping.start <= code < mapping.end:
            for block in mapping.blocks:
                _insist(library.pages_lift, block)


def collapse(library: ctypes.PyDLL) -> None:
    """Put the objects that there are into large pages of this process's own."""
    start, used = library.pages_region, library.pages_used
    start.restype = used.restype = ctypes.c_size_t
    blocks = [start() + at for at in range(0, used(), LARGE)]
    blocks += [block for mapping in mappings() if mapping.name == "[heap]" for block in mapping.blocks]
    for block in blocks:
        _insist(library.pages_collapse, block)


def _insist(call: Callable[[ctypes.c_void_p], int], block: int) -> None:
    for _ in range(TRIES):
        if call(ctypes.c_void_p(block)) != -errno.EAGAIN:
            return
        time.sleep(PAUSE_S)
