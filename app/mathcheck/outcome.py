"""What one comparison of two trees came to."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from app.mathcheck.ast import Node

_RANK = {"exact": 0, "identity": 1, "ball": 1, "text": 1}


class Outcome(NamedTuple):
    """`equal` is None where nothing could be shown; `certificate` says how it is known."""

    equal: bool | None
    certificate: str
    detail: str = ""


Same = Callable[[Node, Node], Outcome]
"""A comparison of two parts."""


def equal(detail: str) -> Outcome:
    return Outcome(True, "exact", detail)


def different(detail: str, certificate: str = "exact") -> Outcome:
    return Outcome(False, certificate, detail)


def undecided(reason: str) -> Outcome:
    return Outcome(None, f"undecided({reason})", reason)


def weaker(a: str, b: str) -> str:
    """The weaker of two certificates."""
    return b if _RANK.get(b, 2) > _RANK.get(a, 2) else a


def both(outcomes: Iterable[Outcome]) -> Outcome:
    """All of the parts must be equal. One proved difference decides; the weakest certificate stands for the whole."""
    weakest = equal("all parts are equal")
    open_part: Outcome | None = None
    for o in outcomes:
        if o.equal is False:
            return o
        if o.equal is None:
            open_part = open_part or o
        elif weaker(weakest.certificate, o.certificate) != weakest.certificate:
            weakest = o
    return open_part or weakest


class Undecided(Exception):
    """A question that this engine can't answer came up in the middle of a computation."""
