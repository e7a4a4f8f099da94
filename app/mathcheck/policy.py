"""What counts as an answer and as equal, where mathematics leaves a choice."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args

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


Percent = Literal["fraction", "either"]
Units = Literal["optional", "required"]
Weakest = Literal["numeric", "identity", "exact"]
MAX_DIGITS = 400
"""Decimals that a policy may ask for: more than any certificate has."""


@dataclass(frozen=True)
class Policy:
    """Choices of one comparison; the defaults accept only what is exactly equal."""

    sources: tuple[Source, ...] = ALL_SOURCES
    """Places an answer may stand in, the first that holds one wins."""
    digits: int | None = None
    """Numbers are equal if they round to the same value with this many decimals. None: no rounding."""
    rel_tol: float | None = None
    """Numbers are equal within this relative difference. None: no tolerance."""
    percent: Percent = "either"
    """`fraction`: 10% is 0.1 only. `either`: a dropped percent sign is forgiven, so 10% is also 10."""
    units: Units = "optional"
    """`optional`: a unit that only one side states is ignored. Two stated units must always agree."""
    min_certificate: Weakest = "numeric"
    """Weakest evidence of equality that is accepted; below it the verdict is `undecided`."""
    symbolic: bool = False
    """Ask SymPy where nothing else decides, in a process that is killed when its time is spent."""


DEFAULT_POLICY = Policy()
_CHOICES: dict[str, tuple[str, ...]] = {
    "percent": get_args(Percent),
    "units": get_args(Units),
    "min_certificate": get_args(Weakest),
}


class PolicyError(ValueError):
    """A policy that can't be used; the message names the field at fault and what it may be."""


def read_policy(given: Mapping[str, Any], default: Policy = DEFAULT_POLICY) -> Policy:
    """The policy that a JSON object gives, over another one. Raises PolicyError."""
    for name, value in given.items():
        if problem := _problem(name, value):
            raise PolicyError(f"policy '{name}' {problem}")
    values: dict[str, Any] = {field.name: getattr(default, field.name) for field in fields(Policy)} | dict(given)
    values["sources"] = tuple(values["sources"])
    return Policy(**values)


def _problem(name: str, value: Any) -> str | None:
    if name in _CHOICES:
        return None if isinstance(value, str) and value in _CHOICES[name] else f"is one of: {', '.join(_CHOICES[name])}"
    if name == "sources":
        named = cast(list[Any], value) if isinstance(value, list | tuple) else []
        return None if named and all(s in ALL_SOURCES for s in named) else f"is a list of: {', '.join(ALL_SOURCES)}"
    if name == "symbolic":
        return None if isinstance(value, bool) else "is true or false"
    if name == "digits":
        whole = isinstance(value, int) and not isinstance(value, bool)
        return (
            None if value is None or (whole and 0 <= value <= MAX_DIGITS) else f"is an integer from 0 to {MAX_DIGITS}"
        )
    if name == "rel_tol":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if value is None or (number and 0 <= value < 1) else "is a number from 0 to below 1"
    return f"is unknown; there are: {', '.join(field.name for field in fields(Policy))}"
