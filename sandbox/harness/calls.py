"""Function mode: loads a program, calls its entry point with each list of arguments, writes what it returned.

Nothing here needs to be trusted: expected values are elsewhere, so a program that forges its results only answers.

Lines on descriptor 3: {"loaded": true}, then one a call: {"v": value, "ms": …, "out": bytes of output so far} or
{"x": text of the exception, …}.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.harness import script
from sandbox.harness.edge import Failed, attempt
from sandbox.harness.values import Encoder, Unencodable, decode

RESULTS, SOURCE, CALLS = 3, 4, 5
MODULE = "solution"
LOAD_FAILED = 1
# Solutions to judge sites' function tasks are written for a header that the site puts before them.
HEADER_MODULES = ("math", "collections", "itertools", "functools", "heapq", "bisect", "string", "random", "re", "sys")
HEADER_STARS = ("typing", "collections", "itertools", "functools", "heapq", "bisect")


def header() -> dict[str, Any]:
    """Names that judge sites define before a solution."""
    names: dict[str, Any] = {}
    for name in HEADER_STARS:
        module = importlib.import_module(name)
        exported: list[str] = getattr(module, "__all__", None) or [item for item in dir(module) if item[0] != "_"]
        names.update({item: getattr(module, item) for item in exported})
    names.update({name: importlib.import_module(name) for name in HEADER_MODULES})
    names["inf"] = float("inf")
    return names


HEADER = header()


def find(names: dict[str, Any], entry: str) -> Callable[..., Any]:
    """The entry point: a function, `Class.method`, or a method of a class Solution.

    Raises NameError where there is none.
    """
    owner, _, method = entry.rpartition(".")
    if not owner and entry not in names and "Solution" in names:
        owner, method = "Solution", entry
    try:
        return getattr(names[owner](), method) if owner else names[entry]
    except (KeyError, AttributeError):
        raise NameError(f"the program defines no {entry!r}") from None


def run(entry: str, search: list[str]) -> None:
    """Serve the calls and end the process."""
    source, arguments = script.taken(SOURCE), script.taken(CALLS)
    clock, encode = time.perf_counter, Encoder()
    script.settle(search)
    calls: list[dict[str, Any]] = json.loads(arguments)
    function = attempt(lambda: find(script.load(source, MODULE, HEADER).__dict__, entry))
    if isinstance(function, Failed):
        script.report(function.error)
        script.finish(LOAD_FAILED)
        return
    _say(b'{"loaded": true}\n')
    for call in calls:
        args = [decode(item) for item in call["args"]]
        kwargs = {name: decode(item) for name, item in call["kwargs"].items()}
        started = clock()
        result = attempt(partial(function, *args, **kwargs))
        line: dict[str, Any] = {"ms": round((clock() - started) * 1000, 3)}
        value = result if isinstance(result, Failed) else attempt(partial(encode, result))
        if not isinstance(value, Failed):
            line["v"] = value
        elif isinstance(value.error, Unencodable):
            line["v"] = {"o": f"unreadable result: {value.error}"}
        else:
            attempt(partial(script.report, value.error))
            line["x"] = type(value.error).__name__
        line["out"] = _flushed()
        _say(json.dumps(line).encode() + b"\n")
    script.finish(0)


def _say(text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(RESULTS, view) :]


def _flushed() -> int:
    try:
        sys.stdout.flush()
        return os.fstat(1).st_size
    except (OSError, ValueError, AttributeError):
        return 0
