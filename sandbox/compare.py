"""Whether an output is the expected one. Runs outside the jail, where no program has a say."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.errors import BadJob
from sandbox.verdict import Verdict


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
