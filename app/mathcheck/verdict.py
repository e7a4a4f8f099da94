"""What the engine says of one answer."""

from typing import NamedTuple

from app.status import Status


class Extraction(NamedTuple):
    """An answer found in a completion: `completion[start:end]` is the part that holds it."""

    text: str
    source: str
    start: int
    end: int
    reason: str


class NoAnswer(NamedTuple):
    """Why a completion holds no answer."""

    reason: str
    unmarked: bool = False
    """No place that may hold an answer was found; else there was one, and what it holds is none."""


class Verdict(NamedTuple):
    """The outcome of a comparison.

    `score` is 1.0 or 0.0, or None exactly if the status abstains. `certificate` says how it is known: `exact`,
    `identity`, `ball` (proved different), `numeric(p points, d digits)` (evidence, not proof), `text`,
    `undecided(reason)`; None where nothing was compared.
    """

    score: float | None
    status: Status
    certificate: str | None = None
    extracted: Extraction | None = None
    detail: str = ""
    steps: tuple[str, ...] = ()
