"""The tester's side of the line: stand-ins for the program's functions, classes and objects.

A stand-in of an object is equal to no plain value and takes no part in arithmetic with one, whatever its class says:
`assert abs(f(x) - 2.5) < 1e-6` is decided by numbers that came as numbers, or fails.
"""

import builtins
import importlib
import sys
import types
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from sandbox.harness.edge import Failed, attempt
from sandbox.harness.rpc import Line
from sandbox.harness.values import Encoder, decode

T = TypeVar("T")

PASSED_THROUGH = frozenset(
    {"__name__", "__doc__", "__qualname__", "__annotations__", "__dict__", "__enter__", "__exit__"}
)
"""Special attributes that are asked of the program; others would let it pose as what it is not."""


class Link:
    """Asks the program, and turns its replies into values of this side."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._encode = Encoder(self._refer)
        self._callbacks: list[Callable[..., Any]] = []
        self._exceptions: dict[str, type[BaseException]] = {}
        self._raised: BaseException | None = None
        self.asked = False
        """Whether the program had a say in what the test code did since `forget`."""
        self.absent: set[str] = set()
        """Names that were looked for and that the program does not define."""

    def came(self, error: BaseException) -> bool:
        """Whether an exception is the last that the program raised, not one of the test code's own."""
        return error is self._raised

    def forget(self) -> None:
        self._raised, self.asked = None, False

    def _meaning(self, read: Callable[[], T]) -> T:
        """What a frame says. One that says nothing is no answer: its sender counts as ended from then on."""
        value = attempt(read)
        if isinstance(value, Failed):
            raise self.line.gone("the program sent what is no answer")
        return value

    def ready(self) -> None:
        """Wait until the program is loaded. Raises what it raised."""
        self._reply(self.line.receive())

    def ask(self, op: str, *a: Any, handle: int = 0, k: dict[str, Any] | None = None) -> Any:
        frame = {"op": op, "h": handle, "a": [self._encode(item) for item in a], "k": self._encode(k or {})}
        self.asked = True
        self.line.send(frame)
        while "cb" in (reply := self.line.receive()):
            self.line.send(self._callback(reply))
        value = self._reply(reply)
        self._meaning(lambda: self._write_back(reply, a))
        return value

    def _write_back(self, reply: dict[str, Any], a: tuple[Any, ...]) -> None:
        for position, changed in reply.get("w", ()):
            write_back(a[position], decode(changed, self._stand_in))

    def names(self, names: list[str]) -> dict[str, Any]:
        """Stand-ins for those of the names that the program defines."""
        self.line.send({"op": "names", "names": names})
        reply = self.line.receive()
        self._reply(reply)
        told = self._meaning(lambda: [self._described(item) for item in reply["names"]])
        found = {name: value[0] for name, value in zip(names, told, strict=False) if value is not None}
        self.absent.update(set(names) - set(found))
        # Where it put a number or a module in a function's place, what breaks is its doing.
        self.asked = self.asked or not all(isinstance(value, Remote) or callable(value) for value in found.values())
        return found

    def _described(self, described: dict[str, Any]) -> tuple[Any] | None:
        match described.get("kind"):
            case "object":
                return (decode(described["v"], self._stand_in),)
            case "async":
                return (_async(decode(described["v"], self._stand_in)),)
            case "exception":
                return (self._exception_class(described["x"]["bases"]),)
            case "module":
                return _module(described["name"])
            case _:
                return None

    def _reply(self, reply: dict[str, Any]) -> Any:
        if reply.get("p"):
            sys.stdout.write(str(reply["p"]))
        if "x" in reply:
            self._raised = self._meaning(lambda: self._exception(reply["x"]))
            raise self._raised
        return self._meaning(lambda: decode(reply.get("v"), self._stand_in))

    def _stand_in(self, tag: str, body: Any) -> Any:
        if tag != "r":
            raise ValueError(f"unknown tag {tag!r}")
        number, kind, is_callable = body
        return (Function if is_callable else Remote)(self, int(number), str(kind))

    def _refer(self, value: Any) -> Any:
        if isinstance(value, Remote):
            return {"r": [number_of(value)]}
        if isinstance(value, types.FunctionType) and "_stand_in_for" in value.__dict__:
            return {"r": [number_of(value.__dict__["_stand_in_for"])]}
        if isinstance(value, (type, types.BuiltinFunctionType)) and value.__module__ in sys.stdlib_module_names:
            return {"g": [value.__module__, value.__qualname__]}
        if callable(value):
            self._callbacks.append(value)
            return {"k": len(self._callbacks) - 1}
        attributes: dict[str, Any] = dict(getattr(value, "__dict__", {}))
        return {"m": [type(value).__name__, Encoder(self._refer)(attributes)]}

    def _callback(self, request: dict[str, Any]) -> dict[str, Any]:
        def call() -> Any:
            a = [decode(item, self._stand_in) for item in request["a"]]
            k = decode(request["k"], self._stand_in)
            return self._encode(self._callbacks[int(request["cb"])](*a, **k))

        value = attempt(call)
        if isinstance(value, Failed):
            return {"x": {"type": type(value.error).__name__, "text": str(value.error)}}
        return {"v": value}

    def _exception_class(self, bases: list[list[str]]) -> type[BaseException]:
        """The class itself if this side has it too, else one of the same name below the nearest base that it has."""
        for at, (module, name) in enumerate(bases):
            known = _known_exception(module, name)
            if known is None:
                continue
            for _, missing in reversed(bases[:at]):
                key = f"{missing}/{known.__name__}"
                known = self._exceptions.setdefault(key, type(missing, (known,), {}))
            return known
        return Exception

    def _exception(self, described: dict[str, Any]) -> BaseException:
        kind = self._exception_class(described["bases"])
        values = tuple(decode(item, self._stand_in) for item in described.get("args", ()))
        made = kind.__new__(kind, *values)
        made.args = values
        return made


def _known_exception(module: str, name: str) -> type[BaseException] | None:
    if module == "builtins":
        found: Any = getattr(builtins, name, None)
    elif module.partition(".")[0] in sys.stdlib_module_names and module in sys.modules and module[:8] != "unittest":
        found = getattr(sys.modules[module], name, None)
    else:
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _module(name: str) -> tuple[Any] | None:
    """A module of the standard library that the program imported under some name: this side's own."""
    if name.partition(".")[0] not in sys.stdlib_module_names or name.startswith("unittest"):
        return None
    return (importlib.import_module(name),)


def write_back(target: Any, value: Any) -> None:
    """Let an argument have the content that the program gave it."""
    if type(target) is not type(value):
        return
    if isinstance(target, (list, bytearray)):
        target[:] = value
    elif isinstance(target, (dict, set)):
        target.clear()  # pyright: ignore[reportUnknownMemberType]
        target.update(value)  # pyright: ignore[reportUnknownMemberType]


def number_of(remote: "Remote") -> int:
    return object.__getattribute__(remote, "_number")


def _between(name: str) -> Callable[["Remote", Any], Any]:
    """An operator between two objects of the program; with anything else it is not defined."""

    def operate(self: "Remote", other: Any) -> Any:
        return self._link.ask(name, self, other) if isinstance(other, Remote) else NotImplemented  # pyright: ignore[reportPrivateUsage]

    return operate


class Remote:
    """Stands for an object of the program."""

    def __init__(self, link: Link, number: int, kind: str) -> None:
        object.__setattr__(self, "_link", link)
        object.__setattr__(self, "_number", number)
        object.__setattr__(self, "_kind", kind)

    _link: Link
    _number: int
    _kind: str

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__" and name not in PASSED_THROUGH:
            raise AttributeError(f"{self._kind!r} object of the program: {name} is not available to tests")
        return self._link.ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._link.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._link.ask("delattr", self, name)

    def __eq__(self, other: object) -> bool:
        return bool(isinstance(other, Remote) and self._link.ask("eq", self, other))

    def __hash__(self) -> int:
        return self._number

    def __bool__(self) -> bool:
        return bool(self._link.ask("bool", self))

    def __len__(self) -> int:
        return int(self._link.ask("len", self))

    def __iter__(self) -> Iterator[Any]:
        iterator = self._link.ask("iter", self)
        while True:
            try:
                item = self._link.ask("next", iterator)
            except StopIteration:
                return
            yield item

    def __next__(self) -> Any:
        return self._link.ask("next", self)

    def __getitem__(self, key: Any) -> Any:
        return self._link.ask("getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._link.ask("setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        self._link.ask("delitem", self, key)

    def __str__(self) -> str:
        return str(self._link.ask("str", self))

    def __repr__(self) -> str:
        return str(self._link.ask("repr", self))

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Remote) and bool(self._link.ask("isinstance", instance, self))

    def __enter__(self) -> Any:
        return self._link.ask("getattr", self, "__enter__")()

    def __exit__(self, *details: Any) -> bool:
        return bool(self._link.ask("getattr", self, "__exit__")(None, None, None))

    def __await__(self) -> Iterator[Any]:
        yield from ()
        return self._link.ask("await", self)

    __lt__ = _between("lt")
    __le__ = _between("le")
    __gt__ = _between("gt")
    __ge__ = _between("ge")
    __add__ = _between("add")
    __sub__ = _between("sub")
    __mul__ = _between("mul")
    __truediv__ = _between("truediv")
    __and__ = _between("and_")
    __or__ = _between("or_")
    __xor__ = _between("xor")


class Function(Remote):
    """Stands for a function or a class of the program."""

    def __call__(self, *a: Any, **k: Any) -> Any:
        return self._link.ask("call", *a, handle=self._number, k=k)


def _async(remote: Any) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Stand-in of a coroutine function, which event loops take for one."""

    async def stand_in(*a: Any, **k: Any) -> Any:
        return await remote(*a, **k)

    stand_in.__dict__["_stand_in_for"] = remote
    return stand_in


PLAIN_MODULES = frozenset(
    [
        "math",
        "re",
        "sys",
        "os",
        "json",
        "random",
        "string",
        "itertools",
        "functools",
        "collections",
        "heapq",
        "bisect",
        "operator",
        "datetime",
        "decimal",
        "fractions",
        "statistics",
        "copy",
        "time",
        "typing",
        "cmath",
        "textwrap",
        "inspect",
    ]
)
"""Modules that test code uses without importing them, because the program does: always this side's own."""
