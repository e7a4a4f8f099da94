"""What counts as an answer, and as equal."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["verifier_answer", "answer", "boxed", "phrase", "mark", "bold", "last_number"]
SOURCES: tuple[Source, ...] = ("verifier_answer", "answer", "boxed", "phrase", "mark", "bold", "last_number")


@dataclass(frozen=True, slots=True)
class Policy:
    """How answers are found and compared."""

    sources: tuple[Source, ...] = SOURCES
    """Where an answer may stand, best first."""
    percent: bool = True
    """75 % is 3/4."""


DEFAULT_POLICY = Policy()
