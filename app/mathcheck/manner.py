"""How a value stands in its text."""

from typing import NamedTuple


class Manner(NamedTuple):
    strict: bool = False
    """In a bare answer, in which a short lead-in must be a known one."""
    exact: bool = True
    """No decimal fraction: "approximately" makes it another statement, while a decimal may be said to be rounded."""
    boxed: bool = False
    """In a box, which commits: `x ≥ \\boxed{5}` and `72/6 or \\boxed{12}` end a calculation."""
    weak: bool = False
    """Found where no answer is marked: what a question gives, or what its writer can't solve, is none."""


PLAIN = Manner()


def is_decimal(text: str) -> bool:
    """Whether a value is a decimal fraction, which may be a rounded one."""
    return "." in text and any(c.isdigit() for c in text.partition(".")[2][:2])
