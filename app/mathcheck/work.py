"""How much work one comparison may take, counted in steps by the engine itself: no timer, the same on every machine.

Size bounds hold for one number or polynomial; many of them, or trees that are walked at every level, add up. So what
costs more than its node spends steps before it is done, a step being about a microsecond: by the bits of a rational,
the precision of a ball, the terms and coefficients of a polynomial. When the budget is spent Exhausted ends the
comparison; it is no TooComplex, which rungs of the ladder catch to try the next one.
"""

import math
import threading
from collections.abc import Generator
from contextlib import contextmanager

from app.mathcheck.limits import MAX_WORK


class _Meter(threading.local):
    left: float = math.inf
    """Steps that the comparison of this thread may still take; nothing is counted outside of one."""


_METER = _Meter()


class Exhausted(Exception):
    """The budget is used up."""


@contextmanager
def budget(steps: int = MAX_WORK) -> Generator[None]:
    """Count the steps of one comparison, which raises Exhausted; inside of another one the outer budget goes on."""
    if _METER.left != math.inf:
        yield
        return
    _METER.left = steps
    try:
        yield
    finally:
        _METER.left = math.inf


def spend(steps: float) -> None:
    """Raises Exhausted where the budget is used up."""
    left = _METER.left - steps
    _METER.left = left
    if left < 0:
        raise Exhausted


def rational(bits: int) -> int:
    """Steps of one operation on fractions of so many bits: it ends in a greatest common divisor."""
    return bits // 150 + (bits // 1_200) ** 2


def transcendental(precision: int) -> int:
    """Steps of a logarithm or a sine to so many bits."""
    return 5 + precision // 60 + (precision // 500) ** 2


def polynomial(degree: int, bits: int) -> int:
    """Steps of splitting a polynomial with coefficients of so many bits into factors."""
    return degree * degree * (1 + bits // 60)


GAMMA = 25
"""A gamma function costs so many logarithms."""
ROOT = 8
"""Isolating a root of a polynomial, for each of its degree."""
