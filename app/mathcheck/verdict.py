"""What a comparison came to."""

from dataclasses import dataclass

from app.mathcheck.extract import Extraction
from app.status import Status


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` is 1, 0, or None where the status abstains."""

    score: float | None
    status: Status
    certificate: str | None = None
    """How it is known: `exact` (rational arithmetic) or `text`."""
    extracted: Extraction | None = None
    detail: str = ""
