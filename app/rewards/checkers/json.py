"""JSON: the value, and a schema of the plain keywords."""

import json as codec
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from app.mathcheck import Extraction, NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.base import SHOWN_CHARS, checker, judged, no_answer, outside, read_policy, stated
from app.status import Status

_FENCE = re.compile(r"```(?:json)?[ \t]*\n([^`]*)```")
_MAX_CHARS = 1 << 18
"""Longest answer that is decoded."""
_MAX_DEPTH = 64
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "number": (int, float),
    "integer": (int,),
}
_NOTES = ("title", "description", "$schema")
_RULES = ("type", "properties", "required", "additionalProperties", "items", "enum", "const")
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
_KEYWORDS = frozenset((*_NOTES, *_RULES, *_BOUNDS))
_DEFAULTS: dict[str, Any] = {"partial": False, "tolerance": 1e-9}


class _BadSchema(ValueError):
    """A schema with what is not checked here: it must not pass silently."""


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
        value = codec.loads(found.text)
    except (ValueError, RecursionError) as error:
        shown = {"extracted": found.text[:SHOWN_CHARS], "span": [found.start, found.end]}
        return Component(0.0, Status.UNPARSABLE, {"detail": f"no JSON: {error}", **shown})
    if "schema" in reference:
        try:
            problem = _breaks(value, reference["schema"], "$", 0)
        except _BadSchema as error:
            return abstain(Status.BAD_REFERENCE, str(error))
        if problem:
            return judged(0.0, found, "schema", detail=problem)
    if "answer" not in reference:
        return judged(1.0, found, "schema")
    right, total = _leaves(value, reference["answer"], chosen["tolerance"], 0)
    share = right / total
    return judged(share if chosen["partial"] else float(right == total), found, "value", right=right, leaves=total)


def _found(completion: str) -> Extraction | NoAnswer:
    whole = outside(completion)
    if isinstance(whole, NoAnswer):
        return whole
    found = stated(completion)
    place = whole if isinstance(found, NoAnswer) or found.source == "phrase" else found
    text = completion[place.start : place.end]
    fences = list(_FENCE.finditer(text))
    if fences:
        start, end = fences[-1].span(1)
        return Extraction(text[start:end], "fence", place.start + start, place.start + end, "last fenced block")
    starts = [at for mark in "{[" if (at := text.find(mark)) >= 0]
    end = max(text.rfind("}"), text.rfind("]")) + 1
    if starts and end > min(starts):
        start = min(starts)
        return Extraction(text[start:end], place.source, place.start + start, place.start + end, "JSON in it")
    return place


def _leaves(value: Any, wanted: Any, tolerance: float, depth: int) -> tuple[int, int]:
    """Leaves of the wanted value that are right, and how many there are; what is too much counts as a wrong leaf."""
    if depth > _MAX_DEPTH:
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
        return int(_same(value, wanted, tolerance)), 1
    return sum(r for r, _ in counts), sum(t for _, t in counts) + more


_MISSING = object()


def _same(value: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, int) and isinstance(wanted, int):
        return value == wanted
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return value == wanted or (abs(value) < 1e300 and math.isclose(value, wanted, rel_tol=tolerance))
    return type(value) is type(wanted) and value == wanted


def _breaks(value: Any, schema: Any, path: str, depth: int) -> str | None:
    """Where the value breaks the schema first, or None."""
    if isinstance(schema, bool):
        return None if schema else f"{path}: nothing is allowed"
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        raise _BadSchema("a schema is an object, not too deep")
    rules = cast("dict[str, Any]", schema)
    unknown = rules.keys() - _KEYWORDS
    if unknown:
        raise _BadSchema(f"schema keywords that are not checked: {', '.join(sorted(unknown))}")
    return (
        _breaks_type(value, rules, path)
        or _breaks_bounds(value, rules, path)
        or _breaks_inside(value, rules, path, depth)
    )


def _breaks_type(value: Any, rules: dict[str, Any], path: str) -> str | None:
    names: Any = rules.get("type", [])
    allowed: list[str] = [names] if isinstance(names, str) else list(names)
    if any(name not in _TYPES for name in allowed):
        raise _BadSchema(f"unknown type among {allowed}")
    is_bool = isinstance(value, bool)
    if allowed and not any(isinstance(value, _TYPES[n]) and is_bool == (n == "boolean") for n in allowed):
        return f"{path}: should be {' or '.join(allowed)}"
    if "enum" in rules and not any(_same(value, one, 0.0) for one in rules["enum"]):
        return f"{path}: none of the allowed values"
    if "const" in rules and not _same(value, rules["const"], 0.0):
        return f"{path}: not the allowed value"
    return None


def _breaks_bounds(value: Any, rules: dict[str, Any], path: str) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high, size = rules.get("minimum"), rules.get("maximum"), value
    elif isinstance(value, str | list):
        kind = "Length" if isinstance(value, str) else "Items"
        low, high, size = rules.get(f"min{kind}"), rules.get(f"max{kind}"), len(cast("str | list[Any]", value))
    else:
        return None
    if (low is not None and size < low) or (high is not None and size > high):
        return f"{path}: {size} is out of bounds"
    return None


def _breaks_inside(value: Any, rules: dict[str, Any], path: str, depth: int) -> str | None:
    if isinstance(value, list) and "items" in rules:
        items = cast("list[Any]", value)
        return next(
            (p for i, item in enumerate(items) if (p := _breaks(item, rules["items"], f"{path}[{i}]", depth + 1))), None
        )
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    missing = [name for name in rules.get("required", []) if name not in fields]
    if missing:
        return f"{path}: '{missing[0]}' is missing"
    properties: dict[str, Any] = rules.get("properties", {})
    for name, item in fields.items():
        inner = properties.get(name, rules.get("additionalProperties", True))
        problem = _breaks(item, inner, f"{path}.{name}", depth + 1)
        if problem:
            return problem
    return None
