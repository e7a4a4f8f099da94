"""JSON Schema's plain keywords: what an answer's value has to look like."""

import math
from collections.abc import Callable
from typing import Any, cast

MAX_DEPTH = 64
"""Of values and schemas that are compared."""
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
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


class BadSchema(ValueError):
    """A schema with what is not checked here, or is none: it must not pass silently."""


def breaks(value: Any, schema: Any) -> str | None:
    """Where the value breaks the schema first, or None. Raises BadSchema, whatever the value."""
    _check(schema, 0)
    return _breaks(value, schema, "$", 0)


def same(value: Any, wanted: Any, tolerance: float) -> bool:
    """Whether two values of JSON are equal: numbers within a relative tolerance, true is not 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, int) and isinstance(wanted, int):
        return value == wanted
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return value == wanted or (abs(value) < 1e300 and math.isclose(value, wanted, rel_tol=tolerance))
    return type(value) is type(wanted) and value == wanted


def _is_strings(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) for one in cast("list[Any]", given))


def _is_types(given: Any) -> bool:
    names: list[Any] = cast("list[Any]", given) if isinstance(given, list) else [given]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


def _is_bound(given: Any) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


_WELL_FORMED: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_NOTES, lambda _: True),
    "const": lambda _: True,
    "enum": lambda given: isinstance(given, list),
    "type": _is_types,
    "required": _is_strings,
    "properties": lambda given: isinstance(given, dict),
    "additionalProperties": lambda given: isinstance(given, dict | bool),
    "items": lambda given: isinstance(given, dict | bool),
    **dict.fromkeys(_BOUNDS, _is_bound),
}


def _check(schema: Any, depth: int) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        raise BadSchema("a schema is an object, not too deep")
    rules = cast("dict[str, Any]", schema)
    if unknown := rules.keys() - _WELL_FORMED.keys():
        raise BadSchema(f"schema keywords that are not checked: {', '.join(sorted(unknown))}")
    for name, given in rules.items():
        if not _WELL_FORMED[name](given):
            raise BadSchema(f"the schema's '{name}' can't be {given!r:.100}")
    properties: dict[str, Any] = rules.get("properties", {})
    for inner in (*properties.values(), rules.get("items", True), rules.get("additionalProperties", True)):
        _check(inner, depth + 1)


def _is(value: Any, name: str) -> bool:
    """Whether a value is of the type that the schema names; 1.0 is an integer, true is no number."""
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _breaks(value: Any, schema: Any, path: str, depth: int) -> str | None:
    if isinstance(schema, bool):
        return None if schema else f"{path}: nothing is allowed"
    rules = cast("dict[str, Any]", schema)
    return (
        _breaks_type(value, rules, path)
        or _breaks_bounds(value, rules, path)
        or _breaks_inside(value, rules, path, depth)
    )


def _breaks_type(value: Any, rules: dict[str, Any], path: str) -> str | None:
    names: Any = rules.get("type", [])
    allowed: list[str] = [names] if isinstance(names, str) else list(names)
    if allowed and not any(_is(value, n) for n in allowed):
        return f"{path}: should be {' or '.join(allowed)}"
    if "enum" in rules and not any(same(value, one, 0.0) for one in rules["enum"]):
        return f"{path}: none of the allowed values"
    if "const" in rules and not same(value, rules["const"], 0.0):
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
