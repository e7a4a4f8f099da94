"""Has an interpreter's objects lie together in memory from its start on, so that a few large pages can hold them.

It comes before the harness's other modules: what is there already stays where it is. See pages.py.
"""

import ctypes
import importlib
import sys
from contextlib import suppress


class _Arenas(ctypes.Structure):
    """Python's `PyObjectArenaAllocator`."""

    _fields_ = (("context", ctypes.c_void_p), ("take", ctypes.c_void_p), ("give", ctypes.c_void_p))


def gather(library: ctypes.PyDLL) -> None:
    """From now on, take memory for objects from one region."""
    arenas = _Arenas()
    if library.pages_open(ctypes.byref(arenas)) == 0:
        ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(arenas))


def main() -> None:
    """Entry of a process. Arguments: pages.c's library or nothing, the harness's module to go on with, and its own."""
    library, module = sys.argv.pop(1), sys.argv.pop(1)
    if library:
        with suppress(OSError):
            gather(ctypes.PyDLL(library))
    importlib.import_module(f"sandbox.harness.{module}").main()
