"""Lists whose order counts, and sets."""

import re
from collections.abc import Mapping
from typing import Any

from app.mathcheck import NoAnswer, check_answer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.base import checker, judged, no_answer, read_policy, stated
from app.rewards.checkers.text import normal
from app.status import Status

_SPLIT = re.compile(r"[;\n、]|,(?!\d{3}\b)|\band\b")
_BULLET = re.compile(r"^(?:[-*•]|\d{1,3}[.)])\s+")
_MAX_ELEMENTS = 256
"""Sets are compared pair by pair."""
_DEFAULTS: dict[str, Any] = {"partial": False}


@checker("list")
def ordered(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if the answer's elements are those of `answer`, in order; with `partial` the share of places that agree."""
    return _compare(sample, policy, in_order=True)


@checker("set")
def unordered(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if the answer's elements are those of `answer`, in any order; with `partial` intersection over union."""
    return _compare(sample, policy, in_order=False)


def _compare(sample: Sample, policy: Mapping[str, Any], *, in_order: bool) -> Component:
    chosen = read_policy(policy, _DEFAULTS)
    reference: Any = sample.reference.get("answer")
    wanted = elements(reference) if isinstance(reference, str) else [str(one).strip() for one in reference or ()]
    if not wanted or len(wanted) > _MAX_ELEMENTS:
        return abstain(
            Status.BAD_REFERENCE, f"the reference has {len(wanted)} elements: 1 to {_MAX_ELEMENTS} can be used"
        )
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    given = elements(found.text)
    if len(given) > _MAX_ELEMENTS:
        return Component(0.0, Status.TOO_COMPLEX, {"detail": f"an answer of {len(given)} elements"})
    if in_order:
        agreeing = sum(_same(a, b) for a, b in zip(given, wanted, strict=False))
        share = agreeing / max(len(given), len(wanted))
    else:
        given, wanted = _distinct(given), _distinct(wanted)
        agreeing = sum(any(_same(a, b) for b in wanted) for a in given)
        share = agreeing / (len(given) + len(wanted) - agreeing)
    return judged(share if chosen["partial"] else float(share == 1.0), found, "elements", elements=len(given))


def elements(text: str) -> list[str]:
    """Elements of a list in brackets, bullets, or with commas between; not blank."""
    bare = text.strip().strip("$").strip()
    if bare[:1] in ("[", "(", "{") and bare[-1:] in ("]", ")", "}"):
        bare = bare[1:-1]
    parts = (_BULLET.sub("", part.strip()).strip(" .'\"") for part in _SPLIT.split(bare))
    return [part for part in parts if part]


def _distinct(parts: list[str]) -> list[str]:
    return list({normal(part): part for part in parts}.values())


def _same(given: str, wanted: str) -> bool:
    return normal(given) == normal(wanted) or check_answer(given, wanted).score == 1.0
