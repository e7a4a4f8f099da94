"""A place in a completion that may hold the answer."""

from typing import NamedTuple

from app.mathcheck.verdict import NoAnswer


class Candidate(NamedTuple):
    """`text[start:end]` holds the answer; `outer` is the statement around it (box and signs) that words refer to."""

    start: int
    end: int
    text: str
    reason: str
    outer: tuple[int, int] | None = None


Found = Candidate | NoAnswer | None
"""An answer, a place that holds none, or nothing of this source."""
