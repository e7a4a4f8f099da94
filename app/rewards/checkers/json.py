"""JSON: the value, and a schema of the plain keywords."""

import json as codec
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from app.mathcheck import Extraction, NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.answers import SHOWN_CHARS, judged, no_answer, outside, stated
from app.rewards.checkers.base import checker, read_policy
from app.rewards.checkers.schema import MAX_DEPTH, BadSchema, breaks, same
from app.status import Status

_FENCE = re.compile(r"(```|~~~)([\w+-]*)[ \t]*\n?(.*?)\1", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*+"|[{}\[\]]')
_MAX_TRIES = 1000
"""Brackets of a text, from its end, that may be JSON."""
_MAX_CHARS = 1 << 18
"""Longest answer that is decoded."""
_DEFAULTS: dict[str, Any] = {"partial": False, "tolerance": 1e-9}


@checker("json")
def json(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if the completion's JSON is `answer` (where given) and fits `schema` (where given).

    Policy: `partial` pays the share of the answer's leaves that are right; `tolerance` is relative, for numbers.
    """
    chosen = read_policy(policy, _DEFAULTS)
    reference = sample.reference
    if "answer" not in reference and "schema" not in reference:
        return abstain(Status.BAD_REFERENCE, "a json reference has `answer` or `schema`")
    found = _found(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    if len(found.text) > _MAX_CHARS:
        return Component(0.0, Status.TOO_COMPLEX, {"detail": f"JSON of {len(found.text)} characters"})
    try:
        value = _decode(found.text)
    except (ValueError, RecursionError) as error:
        shown = {"extracted": found.text[:SHOWN_CHARS], "span": [found.start, found.end]}
        return Component(0.0, Status.UNPARSABLE, {"detail": f"no JSON: {error}", **shown})
    if "schema" in reference:
        try:
            problem = breaks(value, reference["schema"])
        except BadSchema as error:
            return abstain(Status.BAD_REFERENCE, str(error))
        if problem:
            return judged(0.0, found, "schema", detail=problem)
    if "answer" not in reference:
        return judged(1.0, found, "schema")
    right, total = _leaves(value, reference["answer"], chosen["tolerance"], 0)
    share = right / total
    return judged(share if chosen["partial"] else float(right == total), found, "value", right=right, leaves=total)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are its own: which of two values is meant, readers of JSON don't agree."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("an object has a name twice")
    return fields


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:SHOWN_CHARS]} is no number of JSON that can be compared")
    return value


_DECODER = codec.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)


def _decode(text: str) -> Any:
    """The value. Raises ValueError for what RFC 8259 doesn't have or leaves open: NaN, infinity, a name twice."""
    return _DECODER.decode(text.strip("\ufeff \t\r\n"))


def _found(completion: str) -> Extraction | NoAnswer:
    whole = outside(completion)
    if isinstance(whole, NoAnswer):
        return whole
    found = stated(completion)
    place = whole if isinstance(found, NoAnswer) or found.source == "phrase" else found
    text = completion[place.start : place.end]
    fence = _fence(text)
    if fence:
        start, end = fence.span(3)
        return Extraction(text[start:end], "fence", place.start + start, place.start + end, "last fenced block")
    if len(text) > _MAX_CHARS or not (span := _last_value(text)):
        return place
    start, end = span
    return Extraction(text[start:end], place.source, place.start + start, place.start + end, "last JSON in it")


def _fence(text: str) -> re.Match[str] | None:
    """The last block that is called JSON, else the last without a name; programs are not it."""
    fences = list(_FENCE.finditer(text))
    named = [m for m in fences if m[2].lower() == "json"]
    plain = [m for m in fences if not m[2]]
    return ([None, *plain, *(m for m in plain if m[3].lstrip()[:1] in ("{", "[")), *named])[-1]


def _last_value(text: str) -> tuple[int, int] | None:
    """The last object in a text, else the last array, none inside of another bracket; None without any.

    Where nothing is JSON it is the outermost brackets, to tell what is wrong with them.
    """
    best: dict[str, tuple[int, int]] = {}
    spans = _outermost(text)
    for start, end in spans[-_MAX_TRIES:]:
        try:
            _, end = _DECODER.raw_decode(text[start:end])
        except (ValueError, RecursionError):
            continue
        best[text[start]] = start, start + end
    return best.get("{") or best.get("[") or (spans[-1] if spans else None)


def _outermost(text: str) -> list[tuple[int, int]]:
    """Spans from a bracket to its own end, or to the end of a text where it has none."""
    spans: list[tuple[int, int]] = []
    depth = start = 0
    for m in _TOKEN.finditer(text):
        if m[0] in "{[":
            start = m.start() if depth == 0 else start
            depth += 1
        elif m[0] in "}]" and depth:
            depth -= 1
            if depth == 0:
                spans.append((start, m.end()))
    return [*spans, (start, len(text))] if depth else spans


def _leaves(value: Any, wanted: Any, tolerance: float, depth: int) -> tuple[int, int]:
    """Leaves of the wanted value that are right, and how many there are; what is too much counts as a wrong leaf."""
    if depth > MAX_DEPTH:
        return int(value == wanted), 1
    if isinstance(wanted, dict) and wanted:
        fields = cast("dict[str, Any]", wanted)
        given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        counts = [_leaves(given.get(k, _MISSING), v, tolerance, depth + 1) for k, v in fields.items()]
        more = len(given.keys() - fields.keys())
    elif isinstance(wanted, list) and wanted:
        items = cast("list[Any]", wanted)
        have = cast("list[Any]", value) if isinstance(value, list) else []
        counts = [
            _leaves(have[i] if i < len(have) else _MISSING, item, tolerance, depth + 1) for i, item in enumerate(items)
        ]
        more = max(0, len(have) - len(items))
    else:
        return int(same(value, wanted, tolerance)), 1
    return sum(r for r, _ in counts), sum(t for _, t in counts) + more


_MISSING = object()
