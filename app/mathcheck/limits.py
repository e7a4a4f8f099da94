"""Every bound of the engine, and the errors raised when an answer crosses one.

MathError
├── Unparsable   the text is not mathematics that the engine reads
└── TooComplex   a bound below would be crossed
"""

MAX_ANSWER_CHARS = 16_384
"""A final answer is short; a matrix of some hundred entries still fits."""
MAX_TOKENS = 4_000
MAX_DEPTH = 60
"""Nested brackets. Ten Python frames a level keep far from the interpreter's recursion limit."""
MAX_CHAIN = 120
"""Factors of one product, signs before one number: each is a level of the tree."""
MAX_DIGITS = 4_000
"""Digits of one literal: below Python's own limit for converting text to int."""
MAX_EXPONENT_DIGITS = 5
MAX_SHIFTS = 60_000
"""Places by which all numbers such as `1e400` of one text shift the point: as many as MAX_BITS holds."""
MAX_BITS = 200_000
"""Bits of an exact number: 10^60000; arithmetic at this size takes microseconds."""
MAX_FACTORIAL = 10_000
MAX_SUM_TERMS = 500
MAX_INTEGRAND = 2_000
"""Evaluations of an integrand: some twenty milliseconds."""
MAX_INFINITE_TERMS = 2_000
"""Terms of an infinite sum before its tail must be small."""
MAX_POLY_EXPONENT = 200
MAX_POLY_TERMS = 2_000
"""Product of the numbers of terms of two factors: bounds one polynomial multiplication to about a millisecond."""
MAX_ITEMS = 200
"""Items of a list or set: matching them is quadratic."""
MAX_MATRIX_POWER = 30
MAX_SYMBOLIC_DETERMINANT = 4
"""Rows of a determinant with letters: 24 products."""
MAX_SERIES_ORDER = 24
"""Terms of a power series that a limit is read from."""
MAX_ZERO_BITS = 20_000
"""Precision up to which equality of algebraic numbers is proved; arb needs a millisecond there."""
MAX_EXPONENT_BITS = 64
"""Magnitude of an argument that exp or pow may take in ball arithmetic."""

MAX_WORK = 18_000
"""Steps of one comparison, of about a microsecond each: work.py counts them."""
MAX_TREE = 4_000
"""Nodes of what an operation on trees makes, a matrix multiplied with itself: shared parts count each time."""


class MathError(ValueError):
    """An answer that can't be used; `position` is the character where that showed, or -1."""

    def __init__(self, message: str, position: int = -1) -> None:
        super().__init__(message if position < 0 else f"{message} at character {position}")
        self.position = position


class Unparsable(MathError):
    """The text is not mathematics that the engine reads."""


class TooComplex(MathError):
    """Reading or evaluating the text would cross a bound."""
