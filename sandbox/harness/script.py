"""Runs a Python program as its interpreter would, in a process forked from one that is already warm."""

import atexit
import gc
import io
import linecache
import os
import random
import sys
import threading
import types
from pathlib import Path
from typing import Any

from sandbox.harness.confine import ENVIRONMENT
from sandbox.harness.edge import Failed, attempt

PROGRAM = "main.py"
OWN = "sandbox"
_HIDDEN: list[types.ModuleType] = []
HARNESS = Path(__file__).parent


def settle(search: list[str]) -> None:
    """Make the interpreter look newly started: standard streams, environment, module search path."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = _text(1, "strict")
    sys.stderr = sys.__stderr__ = _text(2, "backslashreplace")
    sys.argv = [PROGRAM]
    sys.path[:0] = search
    # Kept alive though no longer to be found: taking modules apart costs more than starting the program.
    _HIDDEN.extend(sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == OWN)
    random.seed()
    gc.enable()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _text(fd: int, errors: str) -> io.TextIOWrapper:
    raw = open(fd, "wb", closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, line_buffering=fd == 2)


def load(source: bytes, name: str, prelude: dict[str, Any] | None = None) -> types.ModuleType:
    """Run source text as module `name`, registered so that pickling and tracebacks find it."""
    module = types.ModuleType(name)
    module.__dict__.update(prelude or {}, __file__=PROGRAM, __builtins__=__builtins__)
    sys.modules[name] = module
    text = source.decode("utf-8", "replace")
    linecache.cache[PROGRAM] = (len(text), None, text.splitlines(keepends=True), PROGRAM)
    exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)
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
    for step in (getattr(threading, "_shutdown"), getattr(atexit, "_run_exitfuncs"), lambda: sys.stdout.flush()):  # noqa: B009
        status = _status(attempt(step)) or status
    attempt(lambda: sys.stderr.flush())
    os._exit(status)


def _status(outcome: object) -> int:
    """Exit status for how some code of the program ended; what it raised is printed."""
    if not isinstance(outcome, Failed):
        return 0
    if isinstance(outcome.error, SystemExit):
        return exit_status(outcome.error)
    attempt(lambda: report(outcome.error))
    return 1


def run(source: bytes, argv: list[str], search: list[str]) -> None:
    """Run a whole program and end the process with its status."""
    settle([*search, "/tmp"])
    sys.argv = argv
    finish(_status(attempt(lambda: load(source, "__main__"))))
