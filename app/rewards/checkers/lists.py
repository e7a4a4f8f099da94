"""Lists whose order counts, and sets."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.mathcheck import NoAnswer, check_answer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.answers import judged, no_answer, stated
from app.rewards.checkers.base import checker, read_policy
from app.rewards.checkers.text import normal, unwrapped
from app.status import Status

_COMMAS = r"[;；\n、，|&]|,|→|-{1,3}>"
_PLAIN = re.compile(_COMMAS)
_WITH_AND = re.compile(_COMMAS + r"|\band\b")
_BRACKETS = re.compile(r"[(\[{)\]}]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BULLET = re.compile(r"^(?:[-*•–—+]|\(?[\da-zA-Z]{1,3}[.)])\s+")
_MAX_ELEMENTS = 256
"""Sets are compared pair by pair."""
_MAX_PAIRS = 4096
"""Elements that are compared with each other as mathematics."""
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
    wanted = readings(reference)[0] if isinstance(reference, str) else [str(one).strip() for one in reference or ()]
    if not wanted or len(wanted) > _MAX_ELEMENTS:
        return abstain(
            Status.BAD_REFERENCE, f"the reference has {len(wanted)} elements: 1 to {_MAX_ELEMENTS} can be used"
        )
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    given = [one for one in readings(found.text) if one]
    if not given:
        return Component(0.0, Status.NO_ANSWER, {"detail": "the answer has no elements"})
    if max(map(len, given)) > _MAX_ELEMENTS:
        return Component(0.0, Status.TOO_COMPLEX, {"detail": f"an answer of {max(map(len, given))} elements"})
    share = _places if in_order else _overlap
    best, count = max((share(one, wanted), len(one)) for one in given)
    return judged(best if chosen["partial"] else float(best == 1.0), found, "elements", elements=count)


def _places(given: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of places that agree."""
    return sum(map(_same, given, wanted)) / max(len(given), len(wanted))


def _overlap(given: Sequence[str], wanted: Sequence[str]) -> float:
    """Intersection over union of what two lists hold, however often and in whatever form."""
    ours, theirs = {normal(one): one for one in given}, {normal(one): one for one in wanted}
    hit = ours.keys() & theirs.keys()
    more, missing = [ours[k] for k in ours.keys() - hit], [theirs[k] for k in theirs.keys() - hit]
    extra = len(more)
    if len(more) * len(theirs) <= _MAX_PAIRS:
        found = {one for one in missing if any(_same(a, one) for a in more)}
        extra = sum(not any(_same(a, one) for one in theirs.values()) for a in more)
        return (len(hit) + len(found)) / (len(theirs) + extra)
    return len(hit) / (len(theirs) + extra)


def readings(text: str) -> list[list[str]]:
    """Elements of a list in brackets, bullets, or with separators between, as the text can be read.

    `and` separates or is a part of a name, a comma before three digits separates or groups thousands.
    """
    bare = _unwrapped(unwrapped(text).strip().replace("\\{", "{").replace("\\}", "}").strip("$ \n"))
    texts = [_THOUSANDS.sub("", bare), bare] if _THOUSANDS.search(bare) else [bare]
    splits = (_WITH_AND, _PLAIN) if re.search(r"\band\b", bare) else (_PLAIN,)
    return [_elements(one, split) for one in texts for split in splits]


def _unwrapped(bare: str) -> str:
    """Without the brackets around all of it."""
    if bare[:1] not in ("[", "(", "{"):
        return bare
    depth = 0
    for m in _BRACKETS.finditer(bare):
        depth += 1 if m[0] in "([{" else -1
        if depth <= 0:
            return bare[1 : m.start()] if m.end() == len(bare) else bare
    return bare


def _elements(text: str, split: re.Pattern[str]) -> list[str]:
    """Parts between separators that stand in no brackets; not blank."""
    parts: list[str] = []
    start = depth = place = 0
    for m in split.finditer(text):
        for bracket in _BRACKETS.findall(text, place, m.start()):
            depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
        place = m.end()
        if depth == 0:
            parts.append(text[start : m.start()])
            start = m.end()
    parts.append(text[start:])
    bare = (_BULLET.sub("", part.strip()).strip(" .'\"`*$") for part in parts)
    return [part for part in bare if part]


def _same(given: str, wanted: str) -> bool:
    return normal(given) == normal(wanted) or check_answer(given, wanted).score == 1.0
