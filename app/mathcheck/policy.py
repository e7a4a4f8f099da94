"""What counts as an answer and as equal, where mathematics leaves a choice."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["verifier_answer", "answer_tag", "boxed", "phrase", "hash", "bold", "math", "whole", "number"]
ALL_SOURCES: tuple[Source, ...] = (
    "verifier_answer",
    "answer_tag",
    "boxed",
    "phrase",
    "hash",
    "bold",
    "math",
    "whole",
    "number",
)


@dataclass(frozen=True)
class Policy:
    """Choices of one comparison; the defaults accept only what is exactly equal."""

    sources: tuple[Source, ...] = ALL_SOURCES
    """Places an answer may stand in, the first that holds one wins."""
    digits: int | None = None
    """Numbers are equal if they round to the same value with this many decimals. None: no rounding."""
    rel_tol: float | None = None
    """Numbers are equal within this relative difference. None: no tolerance."""
    percent: Literal["fraction", "either"] = "either"
    """`fraction`: 10% is 0.1 only. `either`: a dropped percent sign is forgiven, so 10% is also 10."""
    units: Literal["optional", "required"] = "optional"
    """`optional`: a unit that only one side states is ignored. Two stated units must always agree."""
    min_certificate: Literal["numeric", "identity", "exact"] = "numeric"
    """Weakest evidence of equality that is accepted; below it the verdict is `undecided`."""
    symbolic: bool = False
    """Ask SymPy where nothing else decides. Its time is not bounded: only for a process that the caller can kill."""


DEFAULT_POLICY = Policy()
