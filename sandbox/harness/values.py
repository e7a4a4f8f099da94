"""Python values as JSON, exact in type: what a jailed function returns is told apart from what merely equals it.

    None, bool, str, list, finite float, int below 2**63   themselves
    {"i": hex} int   {"f": repr} float   {"t": […]} tuple   {"d": [[key, value], …]} dict   {"s": […]} set
    {"z": […]} frozenset   {"b": hex} bytes   {"B": hex} bytearray   {"c": [re, im]} complex   {"D": str} Decimal
    {"F": [n, d]} Fraction   {"n": […]} numpy array   {"o": repr} any other object

Only data crosses: decoding calls no code of the value's classes, and subclasses of plain types lose what they add.
"""

import math
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from sandbox.harness.edge import attempt

DEPTH = 150
"""Deeper nesting is no answer to any test, and would overrun the recursion of JSON readers."""
NODES = 2_000_000
"""Values in one result; more would hold the judge up longer than it took to make them."""
REPR_CHARACTERS = 200
_SMALL = 1 << 63


class Unencodable(Exception):
    """The value is too deep, too large or cyclic."""


def _describe(value: Any) -> Any:
    text = attempt(lambda: repr(value)[:REPR_CHARACTERS])
    return {"o": text if isinstance(text, str) else "<object whose repr fails>"}


class Encoder:
    """Encodes values; `other` is asked for objects that are no plain data."""

    def __init__(self, other: Callable[[Any], Any] = _describe) -> None:
        self._other = other
        self._nodes = 0

    def __call__(self, value: Any) -> Any:
        self._nodes = 0
        return self._encode(value, 0)

    def _all(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self._encode(item, depth + 1) for item in values]

    def _encode(self, value: Any, depth: int) -> Any:
        self._nodes += 1
        if depth > DEPTH or self._nodes > NODES:
            raise Unencodable("too deep, cyclic or too large")
        if value is None or value is True or value is False or type(value) is str:
            return value
        if isinstance(value, int):
            number = int.__add__(value, 0)
            return number if -_SMALL < number < _SMALL else {"i": hex(number)}
        if isinstance(value, float):
            real = float.__mul__(value, 1.0)  # adding 0.0 would lose the sign of -0.0
            return real if math.isfinite(real) else {"f": float.__repr__(real)}
        if isinstance(value, str):
            return str.__getitem__(value, slice(None))
        if isinstance(value, (list, tuple, dict, set, frozenset)):
            return self._container(value, depth)  # pyright: ignore[reportUnknownArgumentType]
        return self._scalar(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, list):
            return self._all(list.__iter__(value), depth)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        if isinstance(value, tuple):
            return {"t": self._all(tuple.__iter__(value), depth)}  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        if isinstance(value, dict):
            pairs: Any = dict.items(value)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            return {"d": [[self._encode(key, depth + 1), self._encode(item, depth + 1)] for key, item in pairs]}
        if isinstance(value, set):
            return {"s": self._all(set.copy(value), depth)}  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return {"z": self._all(frozenset.copy(value), depth)}  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]

    def _scalar(self, value: Any, depth: int) -> Any:
        kind = cast("type[Any]", type(value))
        if kind is bytes or kind is bytearray:
            return {"b" if kind is bytes else "B": value.hex()}
        if kind is complex:
            return {"c": [self._encode(value.real, depth), self._encode(value.imag, depth)]}
        if kind is Decimal:
            return {"D": str(value)}
        if kind is Fraction:
            return {"F": [self._encode(value.numerator, depth), self._encode(value.denominator, depth)]}
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "ndarray"):
            if isinstance(value, numpy.generic):
                return self._encode(value.item(), depth + 1)
            if isinstance(value, numpy.ndarray):
                return {"n": self._encode(value.tolist(), depth + 1)}
        return self._other(value)


def _pairs(items: list[list[Any]], other: Callable[[str, Any], Any]) -> dict[Any, Any]:
    return {decode(key, other): decode(value, other) for key, value in items}


def _opaque(tag: str, body: Any) -> Any:
    if tag == "o":
        return Opaque(str(body))
    raise ValueError(f"unknown tag {tag!r}")


class Opaque:
    """Stands for an object that is no plain data: equal to nothing."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return self.text


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "i": lambda body: int(body, 16),
    "f": float,
    "b": bytes.fromhex,
    "B": bytearray.fromhex,
    "D": Decimal,
}


def decode(value: Any, other: Callable[[str, Any], Any] = _opaque) -> Any:
    """The value that was encoded; `other(tag, body)` is asked for tags that are no plain data.

    Raises ValueError, TypeError, ArithmeticError or RecursionError on what no encoder makes.
    """
    if isinstance(value, list):
        return [decode(item, other) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return value
    ((tag, body),) = value.items()  # pyright: ignore[reportUnknownVariableType]
    return _tagged(str(tag), body, other)  # pyright: ignore[reportUnknownArgumentType]


def _tagged(tag: str, body: Any, other: Callable[[str, Any], Any]) -> Any:
    if tag in _PLAIN:
        return _PLAIN[tag](body)
    if tag == "d":
        return _pairs(body, other)
    if tag not in ("t", "s", "z", "c", "F", "n"):
        return other(tag, body)
    items = [decode(item, other) for item in body]
    match tag:
        case "t":
            return tuple(items)
        case "s":
            return set(items)
        case "z":
            return frozenset(items)
        case "c":
            return complex(*items)
        case "F":
            return Fraction(*items)
        case _:
            return _array(items)


def _array(items: list[Any]) -> Any:
    numpy = sys.modules.get("numpy")
    return items if numpy is None else numpy.array(items)
