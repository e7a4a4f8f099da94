"""Whether an output is the expected one. Runs outside the jail, where no program has a say."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.errors import BadJob
from sandbox.harness.values import Opaque
from sandbox.verdict import Verdict

VALUE_TOLERANCE = 1e-9
"""Relative; of floats in results. Orders of summation differ by less, wrong answers by more."""
DEPTH = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """How outputs are compared.

    `tokens`: the same words, whatever white space is between them. `lines`: line by line, less white space at the end
    of lines and of the text. `exact`: byte for byte. With a tolerance, words that are numbers on both sides may differ
    by it, absolutely or relatively.
    """

    by: str = "tokens"
    tolerance: float | None = None

    def __call__(self, expected: str, actual: str) -> Verdict:
        same = _BY[self.by](expected, actual)
        if not same and self.tolerance is not None:
            same = _near(expected, actual, self.tolerance)
        if same:
            return Verdict.AC
        return Verdict.PE if self.by != "tokens" and _tokens(expected, actual) else Verdict.WA


def _tokens(expected: str, actual: str) -> bool:
    return expected.split() == actual.split()


def _lines(expected: str, actual: str) -> bool:
    def kept(text: str) -> list[str]:
        return [line.rstrip() for line in text.rstrip().split("\n")]

    return kept(expected) == kept(actual)


def _exact(expected: str, actual: str) -> bool:
    return expected == actual


_BY: dict[str, Callable[[str, str], bool]] = {"tokens": _tokens, "lines": _lines, "exact": _exact}


def _near(expected: str, actual: str, tolerance: float) -> bool:
    left, right = expected.split(), actual.split()
    return len(left) == len(right) and all(a == b or _close(a, b, tolerance) for a, b in zip(left, right, strict=True))


def _close(a: str, b: str, tolerance: float) -> bool:
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return math.isfinite(x) and math.isfinite(y) and abs(x - y) <= tolerance * max(1.0, abs(x))


def read_comparison(given: Any, tolerance: Any) -> Comparison:
    """From a job's `compare` and `tolerance`. Raises BadJob."""
    if given is not None and given not in _BY:
        raise BadJob(f"compare: must be one of {', '.join(_BY)}")
    if tolerance is None:
        return Comparison(given or "tokens")
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 < tolerance < 1:
        raise BadJob("tolerance: must be a number between 0 and 1")
    return Comparison(given or "tokens", float(tolerance))


def same_value(expected: Any, actual: Any, depth: int = 0) -> bool:
    """Whether a returned value is the expected one, which came as JSON or as a Python literal.

    Tuples and lists of the same items are the same, as JSON has no tuples; so are keys 1 and "1". Floats agree within
    VALUE_TOLERANCE, two NaN agree. True is 1, as in Python. An object that is no plain data is equal to nothing.
    """
    if depth > DEPTH or isinstance(actual, Opaque):
        return False
    if isinstance(expected, (list, tuple)):
        return _same_items(expected, actual, depth)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(expected, dict):
        return _same_mapping(expected, actual, depth)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(expected, (int, float)) and isinstance(actual, (int, float)):
        return _same_number(expected, actual)
    return type(expected) is type(actual) and bool(expected == actual)


def _same_number(expected: int | float, actual: int | float) -> bool:
    if expected == actual:
        return True
    if isinstance(expected, int) and isinstance(actual, int):
        return False
    try:
        x, y = float(expected), float(actual)
    except OverflowError:
        return False
    return (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=VALUE_TOLERANCE)


def _same_items(expected: Any, actual: Any, depth: int) -> bool:
    if not isinstance(actual, (list, tuple)) or len(actual) != len(expected):  # pyright: ignore[reportUnknownArgumentType]
        return False
    items: list[Any] = list(actual)  # pyright: ignore[reportUnknownArgumentType]
    return all(same_value(a, b, depth + 1) for a, b in zip(expected, items, strict=True))


def _same_mapping(expected: Any, actual: Any, depth: int) -> bool:
    if not isinstance(actual, dict) or len(actual) != len(expected):  # pyright: ignore[reportUnknownArgumentType]
        return False
    named: dict[Any, Any] = actual if all(key in actual for key in expected) else {str(k): v for k, v in actual.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return all(key in named and same_value(value, named[key], depth + 1) for key, value in expected.items())
