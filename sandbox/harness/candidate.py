"""The program's side of the line: loads it and does what the tester asks of it, one request at a time.

Everything here shares a process with a stranger's program and may be tampered with; so nothing here decides anything.
"""

import importlib
import inspect
import io
import operator
import os
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from sandbox.harness import calls, script
from sandbox.harness.edge import Failed, attempt
from sandbox.harness.rpc import Gone, Line
from sandbox.harness.values import Encoder, decode

LINE, SOURCE, GATE = 3, 4, 5
MUTABLE = (list, dict, set, bytearray)


def _await(thing: Any) -> Any:
    import asyncio  # here, as it would double the size of every jail

    async def whole() -> Any:
        return await thing

    return asyncio.run(whole())


OPERATIONS: dict[str, Callable[..., Any]] = {
    "iter": iter,
    "next": next,
    "len": len,
    "str": str,
    "repr": repr,
    "bool": bool,
    "isinstance": isinstance,
    "await": _await,
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    **{
        name: getattr(operator, name)
        for name in [
            "getitem",
            "setitem",
            "delitem",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "add",
            "sub",
            "mul",
            "truediv",
            "floordiv",
            "mod",
            "pow",
            "and_",
            "or_",
            "xor",
            "neg",
            "pos",
            "invert",
        ]
    },
}
"""What a tester may do to an object that stays on this side."""


class Record:
    """An instance of a class of the test code: its attributes, by value."""


class Candidate:
    """The loaded program and the objects of it that the tester holds."""

    def __init__(self, line: Line, names: dict[str, Any]) -> None:
        self._line = line
        self._names = names
        self._objects: list[Any] = []
        self._encode = Encoder(self._refer)
        self._classes: dict[str, type] = {}

    def _refer(self, value: Any) -> Any:
        self._objects.append(value)
        return {"r": [len(self._objects) - 1, type(value).__name__, callable(value)]}

    def _resolve(self, tag: str, body: Any) -> Any:
        match tag:
            case "r":
                return self._objects[body[0]]
            case "k":
                return partial(self._callback, body)
            case "g":
                return operator.attrgetter(body[1])(importlib.import_module(body[0]))
            case "m":
                return self._record(body)
            case _:
                return None

    def _record(self, body: Any) -> Any:
        name, attributes = body
        kind = self._names.get(name)
        if not isinstance(kind, type):
            kind = self._classes.setdefault(name, type(name, (Record,), {}))
        made: Any = object.__new__(cast("type[Any]", kind))
        made.__dict__.update(decode(attributes, self._resolve))
        return made

    def _callback(self, number: int, *a: Any, **k: Any) -> Any:
        self._line.send({"cb": number, "a": [self._encode(item) for item in a], "k": self._encode(k)})
        reply = self._line.receive()
        if "x" in reply:
            raise getattr(importlib.import_module("builtins"), reply["x"]["type"], RuntimeError)(reply["x"]["text"])
        return decode(reply["v"], self._resolve)

    def describe(self, name: str) -> dict[str, Any]:
        """What a name of the program stands for, for the tester to make a stand-in."""
        if name not in self._names:
            try:
                return {"kind": "object", "v": self._encode(calls.find(self._names, name))}
            except NameError:
                return {"kind": "absent"}
        value: Any = self._names[name]
        if isinstance(value, types.ModuleType):
            return {"kind": "module", "name": value.__name__}
        if inspect.isclass(value) and issubclass(value, BaseException):
            return {"kind": "exception", "x": describe_exception(value)}
        if inspect.iscoroutinefunction(value):
            return {"kind": "async", "v": self._encode(value)}
        return {"kind": "object", "v": self._encode(value)}

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] == "names":
            return {"v": None, "names": [self.describe(name) for name in request["names"]]}
        a = [decode(item, self._resolve) for item in request["a"]]
        if request["op"] != "call":
            return {"v": self._encode(OPERATIONS[request["op"]](*a))}
        k = decode(request["k"], self._resolve)
        before = [self._encode(item) if isinstance(item, MUTABLE) else None for item in a]
        function: Any = self._objects[request["h"]]
        reply: dict[str, Any] = {"v": self._encode(function(*a, **k))}
        changed = [
            [at, after]
            for at, item in enumerate(a)
            if isinstance(item, MUTABLE) and (after := self._encode(item)) != before[at]
        ]
        return {**reply, "w": changed} if changed else reply

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Perform, and tell what was printed and raised."""
        printed = io.StringIO()
        sys.stdout, kept = printed, sys.stdout
        reply = attempt(lambda: self.perform(request))
        sys.stdout = kept
        if isinstance(reply, Failed):
            if isinstance(reply.error, Gone):
                raise reply.error
            reply = {"x": describe_exception(type(reply.error), reply.error, self._encode)}
        text = printed.getvalue()
        return {**reply, "p": text} if text else reply


def describe_exception(
    kind: type[BaseException], error: BaseException | None = None, encode: Callable[[Any], Any] = repr
) -> dict[str, Any]:
    """An exception's class, by the names of its bases, and what it holds."""
    bases = [[base.__module__, base.__qualname__] for base in kind.__mro__ if issubclass(base, BaseException)]
    text, values = "", list[Any]()
    if error is not None:
        told = attempt(lambda: (str(error), [encode(item) for item in error.args]))
        text, values = ("", []) if isinstance(told, Failed) else told
    return {"bases": bases, "text": text[:10_000], "args": values}


def run(search: list[str]) -> None:
    """Serve the tester until it is gone, then end the process."""
    os.read(GATE, 1)  # ends when the tester has what it needs: nothing of the program may hinder that
    os.close(GATE)
    source = script.taken(SOURCE)
    script.settle([*search, "/tmp"])
    line = Line(LINE)
    module = attempt(lambda: script.load(source, calls.MODULE, calls.HEADER))
    if isinstance(module, Failed):
        script.report(module.error)
        line.send({"x": describe_exception(type(module.error), module.error)})
        script.finish(1)
        return
    candidate = Candidate(line, module.__dict__)
    line.send({"v": None})
    try:
        while True:
            line.send(candidate.answer(line.receive()))
    except Gone:
        script.finish(0)
