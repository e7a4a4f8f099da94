"""Runs a Python program as its interpreter would, in a process forked from one that is already warm."""

import _random
import atexit
import gc
import io
import linecache
import marshal
import os
import random
import signal
import sys
import threading
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.harness.confine import ENVIRONMENT
from sandbox.harness.direct import content
from sandbox.harness.edge import Failed, attempt

PROGRAM = "main.py"
OWN = "sandbox"
BUFFER = 1 << 16
SOURCE = 3
SEED_BYTES = 16
REHEARSED = b"print(end='')"
REHEARSALS = 8
"""After as many runs of a function CPython 3.11 and 3.12 specialise it."""
_reseed = partial(_random.Random.seed, getattr(random, "_inst"))  # noqa: B009
"""What random.seed does with a number, without its steps in Python."""
_HIDDEN: list[types.ModuleType] = []
HARNESS = Path(__file__).parent


def pose() -> None:
    """Make the interpreter look newly started: standard streams, environment, modules. Once, in what is forked from."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = _text(1, "strict")
    sys.stderr = sys.__stderr__ = _text(2, "backslashreplace")
    sys.argv = [PROGRAM]
    getattr(atexit, "_clear")()  # noqa: B009
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Kept alive though no longer to be found: taking modules apart costs more than starting the program.
    _HIDDEN.extend(sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == OWN)


def settle(search: list[str]) -> None:
    """Make a forked interpreter a program's own: its module search path, and chance of its own."""
    sys.path[:0] = search
    _reseed(int.from_bytes(os.urandom(SEED_BYTES)))  # its own default takes 2,496 bytes and a tenth of a run
    gc.enable()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _text(fd: int, errors: str) -> io.TextIOWrapper:
    raw = open(fd, "wb", buffering=BUFFER, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, line_buffering=fd == 2)


def compiled(source: bytes) -> types.CodeType:
    return compile(source, PROGRAM, "exec", dont_inherit=True)


def load(source: bytes, name: str, prelude: dict[str, Any] | None = None, code: types.CodeType | None = None) -> (
    types.ModuleType
):  # fmt: skip
    """Run source text as module `name`, registered so that pickling and tracebacks find it."""
    module = types.ModuleType(name)
    module.__dict__.update(prelude or {}, __file__=PROGRAM, __builtins__=__builtins__)
    sys.modules[name] = module
    linecache.cache[PROGRAM] = (lambda: source.decode("utf-8", "replace"),)
    exec(code or compiled(source), module.__dict__)
    return module


def report(error: BaseException) -> None:
    """Print a traceback as the interpreter would, without this package's own frames."""
    trace = error.__traceback__
    while trace is not None and Path(trace.tb_frame.f_code.co_filename).parent == HARNESS:
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def exit_status(stop: SystemExit) -> int:
    """Status that the interpreter would end with."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def finish(status: int) -> None:
    """What an interpreter does at its end: wait for threads, run exit functions, flush. Then the process ends."""
    os._exit(_ended(status))


def _ended(status: int) -> int:
    steps: list[Callable[[], None]] = [_flush]
    if getattr(atexit, "_ncallbacks")():  # noqa: B009
        steps.insert(0, getattr(atexit, "_run_exitfuncs"))  # noqa: B009
    if _had_threads():
        steps.insert(0, getattr(threading, "_shutdown"))  # noqa: B009
    for step in steps:
        status = _status(attempt(step)) or status
    attempt(lambda: sys.stderr.flush())
    return status


def _flush() -> None:
    """A program may have closed its output, or taken it away."""
    output: Any = sys.stdout
    if output is not None and not getattr(output, "closed", False):
        output.flush()


def _had_threads() -> bool:
    """Whether there may be threads to wait for; asking for it costs less than waiting for none."""
    names = ("_limbo", "_threading_atexits")
    return len(getattr(threading, "_active", "??")) > 1 or any(getattr(threading, name, True) for name in names)


def _status(outcome: object) -> int:
    """Exit status for how some code of the program ended; what it raised is printed."""
    if not isinstance(outcome, Failed):
        return 0
    if isinstance(outcome.error, SystemExit):
        return exit_status(outcome.error)
    attempt(lambda: report(outcome.error))
    return 1


def taken(fd: int) -> bytes:
    """A process's own input, which is not to be found in it afterwards by its descriptor."""
    data = content(fd)
    os.close(fd)
    return data


def run(argv: list[str], search: list[str], known: bool, tell: bool) -> None:
    """Run a whole program and end the process with its status.

    The descriptors after the standard ones are its source and, where it is `known`, its compiled code, as an earlier
    run told it that was asked to `tell`, on the last descriptor.
    """
    settle([*search, "/tmp"])
    sys.argv = argv
    source = taken(SOURCE)
    finish(_performed(source, taken(SOURCE + 1) if known else b"", tell))


def _performed(source: bytes, made: bytes, tell: bool) -> int:
    """Run a program; its status so far."""

    def whole() -> None:
        code = marshal.loads(made) if made else compiled(source)
        if tell:
            _tell(SOURCE + 1, marshal.dumps(code))
        load(source, "__main__", code=code)

    return _status(attempt(whole))


def rehearse() -> None:
    """Run nothing a few times, in what is forked from. What the interpreter makes ready on a code's first times (its
    caches, specialised instructions) it would else make ready in every run, in copies of its pages.
    """
    main, path = sys.modules["__main__"], sys.path[:]
    made = marshal.dumps(compiled(REHEARSED))
    for known in (b"", made) * REHEARSALS:
        settle([])
        _ended(_performed(REHEARSED, known, tell=False))
    sys.modules["__main__"], sys.path[:] = main, path
    linecache.cache.clear()
    gc.disable()
    gc.collect()
    gc.freeze()


def _tell(fd: int, data: bytes) -> None:
    """Before anything of the program runs, so that it can't tell something else."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.close(fd)
