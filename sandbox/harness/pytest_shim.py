"""The part of pytest that tests of programs use: collection, `raises`, `approx`, parameters, function fixtures.

pytest itself is not in the jail: it is slow to load, and its plug-ins would be one more thing that a test may need.
"""

import inspect
import io
import itertools
import math
import re
import sys
import types
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast


class Skip(Exception):
    """A test asked not to be run. Not for the program to raise: it can't name this class."""


class Raised:
    """What `raises` caught."""

    value: BaseException
    type: type[BaseException]

    def match(self, pattern: str) -> bool:
        assert re.search(pattern, str(self.value)), f"{pattern!r} does not match {str(self.value)!r}"
        return True


@contextmanager
def raises(expected: Any, match: str | None = None) -> Generator[Raised]:
    """The block must raise `expected`, with a text that `match` is found in."""
    raised = Raised()
    try:
        yield raised
    except expected as error:
        raised.value, raised.type = error, type(error)
        if match is not None:
            raised.match(match)
        return
    raise AssertionError(f"did not raise {expected}")


class approx:
    """Equal within a relative tolerance (1e-6) or an absolute one (1e-12), also inside lists, tuples and dicts."""

    def __init__(self, expected: Any, rel: float | None = None, abs: float | None = None) -> None:
        self.expected, self.rel, self.abs = expected, rel, abs

    def _near(self, expected: Any, actual: Any) -> bool:
        if isinstance(expected, dict):
            same = isinstance(actual, dict) and expected.keys() == actual.keys()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            return same and all(self._near(expected[key], actual[key]) for key in expected)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if isinstance(expected, (list, tuple)):
            same = isinstance(actual, (list, tuple)) and len(actual) == len(expected)  # pyright: ignore[reportUnknownArgumentType]
            return same and all(itertools.starmap(self._near, zip(expected, actual, strict=True)))  # pyright: ignore[reportUnknownArgumentType]
        if type(actual) not in (int, float, bool, complex) or expected is None:
            return bool(expected == actual)
        if expected == actual:
            return True
        if isinstance(expected, float) and math.isinf(expected):
            return False
        relative = 1e-6 if self.rel is None and self.abs is None else (self.rel or 0.0)
        absolute = 1e-12 if self.abs is None else self.abs
        return abs(expected - actual) <= max(relative * abs(expected), absolute)

    def __eq__(self, actual: object) -> bool:
        return self._near(self.expected, actual)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"approx({self.expected!r})"


class _Marks:
    def __getattr__(self, name: str) -> Callable[..., Any]:
        def mark(*a: Any, **k: Any) -> Any:
            if len(a) == 1 and not k and inspect.isfunction(a[0]):
                _noted(a[0], name, (), {})
                return a[0]

            def decorate(target: Any) -> Any:
                _noted(target, name, a, k)
                return target

            return decorate

        return mark


def _noted(target: Any, name: str, a: tuple[Any, ...], k: dict[str, Any]) -> None:
    marks = list(getattr(target, "_marks", ()))
    target._marks = [(name, a, k), *marks]


def fixture(function: Any = None, **_options: Any) -> Any:
    """A function whose result tests of a parameter of its name get; made anew for each test."""
    if function is None:
        return fixture
    function._fixture = True
    return function


def skip(reason: str = "") -> None:
    raise Skip(reason)


def fail(reason: str = "") -> None:
    raise AssertionError(reason)


class Captured:
    """The fixture `capsys`."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()

    def readouterr(self) -> types.SimpleNamespace:
        texts = [self.out.getvalue(), self.err.getvalue()]
        self.out.truncate(self.out.seek(0))
        self.err.truncate(self.err.seek(0))
        return types.SimpleNamespace(out=texts[0], err=texts[1])


def param(*values: Any, **_options: Any) -> Any:
    """A row of parameters; its options are labels and marks that nobody reads here."""
    return values


def install() -> None:
    """Let `import pytest` find this."""
    module: Any = types.ModuleType("pytest")
    for item in (raises, approx, fixture, skip, fail):
        setattr(module, item.__name__, item)
    module.mark = _Marks()
    module.param = param
    sys.modules["pytest"] = module


def _parameters(target: Any) -> list[dict[str, Any]]:
    """Every combination of the `parametrize` marks."""
    axes: list[list[dict[str, Any]]] = []
    for name, a, _ in getattr(target, "_marks", ()):
        if name == "parametrize":
            names = [part.strip() for part in a[0].split(",")] if isinstance(a[0], str) else list(a[0])
            given: list[Any] = list(a[1])
            rows: list[tuple[Any, ...]] = [
                (row,) if len(names) == 1 and not isinstance(row, tuple) else tuple(cast("list[Any]", row))
                for row in given
            ]
            axes.append([dict(zip(names, row, strict=True)) for row in rows])
    return [{key: value for part in parts for key, value in part.items()} for parts in itertools.product(*axes)]


def _skipped(target: Any) -> bool:
    return any(name == "skip" or (name == "skipif" and a and a[0]) for name, a, _ in getattr(target, "_marks", ()))


def _call(function: Callable[..., Any], given: dict[str, Any], names: dict[str, Any]) -> None:
    finishers: list[Iterator[Any]] = []
    kept = sys.stdout, sys.stderr

    def value_of(name: str) -> Any:
        if name in given:
            return given[name]
        if name == "capsys":
            captured = Captured()
            sys.stdout, sys.stderr = captured.out, captured.err
            return captured
        maker = names[name]
        made = maker(**{inner: value_of(inner) for inner in inspect.signature(maker).parameters})
        if inspect.isgenerator(made):
            finishers.append(made)
            made = next(made)
        given[name] = made
        return made

    try:
        function(**{name: value_of(name) for name in inspect.signature(function).parameters})
    finally:
        for finisher in reversed(finishers):
            next(finisher, None)
        sys.stdout, sys.stderr = kept


def collect(names: dict[str, Any]) -> list[tuple[str, Callable[[], None]]]:
    """Test functions, and methods of classes named Test…, in their order; one unit a row of parameters."""
    found: list[tuple[str, Callable[[], None]]] = []

    def add(label: str, make: Callable[[], Callable[..., Any]], marked: Any) -> None:
        if _skipped(marked):
            return
        for at, row in enumerate(_parameters(marked)):
            found.append((f"{label}[{at}]", lambda row=row: _call(make(), dict(row), names)))

    for name, item in list(names.items()):
        if name.startswith("test") and inspect.isfunction(item):
            add(name, lambda item=item: item, item)
        elif name.startswith("Test") and inspect.isclass(item) and not _is_testcase(item):
            for method, function in list(vars(item).items()):
                if method.startswith("test") and inspect.isfunction(function):
                    add(f"{name}.{method}", lambda item=item, method=method: _method(item, method), function)
    return found


def _is_testcase(item: type) -> bool:
    return any(base.__module__.startswith("unittest") for base in item.__mro__)


def _method(owner: type, name: str) -> Callable[..., Any]:
    made: Any = owner()
    if hasattr(made, "setup_method"):
        made.setup_method(*[None] * len(inspect.signature(made.setup_method).parameters))
    return getattr(made, name)
