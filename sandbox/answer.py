"""Whether what a call returned is the expected value. Runs outside the jail, on the words of a hostile process.

The answer stays as the JSON that came (harness/values.py): it is walked along the expected value, which a dataset made,
and never turned into objects. So no answer costs more than the expected value is large, whatever it was made for:
keys that collide, fractions of a million digits, texts that are exponents.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

FLOAT_TOLERANCE = 1e-9
"""Relative, for expected floats, and absolute where an int is expected. Orders of summation differ by less, wrong
answers by more."""
DEPTH = 200
KEY_NODES = 1000
"""Values in one dictionary key or set member."""
SHOWN_CHARACTERS = 500


class _NoKey(Exception):
    """The value can't be a key of an expected dictionary or set."""


def same(expected: Any, answer: Any, depth: int = 0) -> bool:
    """Whether an answer is the expected value, which came as JSON or as a Python literal.

    Tuples, lists and arrays of the same items are the same, as JSON has lists only; so are keys 1 and "1". Floats agree
    within FLOAT_TOLERANCE, two NaN agree. True is 1, as in Python. An object that is no plain data is equal to nothing.
    """
    if depth > DEPTH:
        return False
    tag, body = _open(answer)
    if tag == "n":
        return same(expected, body, depth + 1)
    if isinstance(expected, (int, float)):
        return _same_number(expected, _number(tag, body))
    return next((check(expected, tag, body, depth) for kind, check in _BY_TYPE if isinstance(expected, kind)), False)


def _open(answer: Any) -> tuple[str, Any]:
    """An encoded value's tag, "" for what stands for itself, and its body. Other objects have the tag "o"."""
    if not isinstance(answer, dict):
        return "", answer
    tagged = cast("dict[str, Any]", answer)
    return next(iter(tagged.items())) if len(tagged) == 1 else ("o", "")


def _number(tag: str, body: Any) -> int | float | None:
    if tag == "" and isinstance(body, (int, float)):
        return body
    if tag not in ("i", "f") or not isinstance(body, str):
        return None
    try:
        return int(body, 16) if tag == "i" else float(body)
    except ValueError:
        return None


def _same_number(expected: int | float, actual: int | float | None) -> bool:
    if actual is None or expected == actual:
        return actual is not None
    if isinstance(actual, float) and isinstance(expected, int):
        # A float stands for a whole number that it is near, but not for one that it is too short to hold.
        return not actual.is_integer() and math.isfinite(actual) and abs(actual - expected) <= FLOAT_TOLERANCE
    if isinstance(expected, int):
        return False
    try:
        value = float(actual)
    except OverflowError:
        return False
    return (math.isnan(expected) and math.isnan(value)) or math.isclose(expected, value, rel_tol=FLOAT_TOLERANCE)


def _same_items(expected: Any, tag: str, body: Any, depth: int) -> bool:
    if tag not in ("", "t") or not isinstance(body, list) or len(cast("list[Any]", body)) != len(expected):
        return False
    return all(same(a, b, depth + 1) for a, b in zip(expected, cast("list[Any]", body), strict=True))


def _same_mapping(expected: Mapping[Any, Any], tag: str, body: Any, depth: int) -> bool:
    if tag != "d" or not isinstance(body, list) or len(cast("list[Any]", body)) != len(expected):
        return False
    found: set[Any] = set()
    for pair in cast("list[Any]", body):
        key, value = pair
        name = _key(key)
        name = name if name in expected else str(name)
        if name in found or name not in expected or not same(expected[name], value, depth + 1):
            return False
        found.add(name)
    return True


def _same_members(expected: set[Any] | frozenset[Any], tag: str, body: Any, _depth: int) -> bool:
    if tag != _SET_TAGS[type(expected)] or len(body) != len(expected):
        return False
    found: set[Any] = set()
    for item in body:
        member = _key(item)
        if member not in expected:
            return False
        found.add(member)
    return len(found) == len(expected)


def _same_bytes(expected: bytes, tag: str, body: Any, _depth: int) -> bool:
    return tag == "b" and body == expected.hex()


def _same_complex(expected: complex, tag: str, body: Any, depth: int) -> bool:
    parts = [expected.real, expected.imag]
    return (
        tag == "c" and len(body) == len(parts) and all(same(a, b, depth + 1) for a, b in zip(parts, body, strict=True))
    )


_BY_TYPE: list[tuple[type | tuple[type, ...], Callable[[Any, str, Any, int], bool]]] = [
    (str, lambda expected, tag, body, _: tag == "" and isinstance(body, str) and body == expected),
    ((list, tuple), _same_items),
    (dict, _same_mapping),
    (type(None), lambda _, tag, body, __: tag == "" and body is None),
    ((set, frozenset), _same_members),
    (bytes, _same_bytes),
    (complex, _same_complex),
]


def _key(answer: Any) -> Any:
    """A dictionary's key or a set's member as a value. Raises _NoKey."""
    return _keys([answer], [KEY_NODES])[0]


def _keys(answers: list[Any], left: list[int]) -> tuple[Any, ...]:
    made: list[Any] = []
    for answer in answers:
        left[0] -= 1
        tag, body = _open(answer)
        if left[0] < 0:
            raise _NoKey
        if tag == "t" and isinstance(body, list):
            made.append(_keys(cast("list[Any]", body), left))
        elif tag == "" and (body is None or isinstance(body, (str, int, float))):
            made.append(body)
        elif (number := _number(tag, body)) is not None:
            made.append(number)
        else:
            raise _NoKey
    return tuple(made)


def accepts(expected: Any, answer: Any) -> bool:
    """`same`, and False for an answer that no harness sends."""
    try:
        return same(expected, answer)
    except (_NoKey, ValueError, TypeError, OverflowError, RecursionError):
        return False


def shown(answer: Any) -> str:
    """The beginning of an answer as Python would show it, for a person."""
    text = ""
    for part in _parts(answer, 0):
        text += part
        if len(text) > SHOWN_CHARACTERS:
            return text[:SHOWN_CHARACTERS] + "…"
    return text


_SET_TAGS: dict[type, str] = {set: "s", frozenset: "z"}
_BRACKETS = {"": "[]", "t": "()", "s": "{}", "z": "{}", "d": "{}"}


def _parts(answer: Any, depth: int) -> Iterator[str]:
    tag, body = _open(answer)
    if depth > DEPTH:
        yield "…"
    elif tag in ("n", "D", "f", "o") or (tag == "i" and len(str(body)) > SHOWN_CHARACTERS):
        yield str(body)[:SHOWN_CHARACTERS] if isinstance(body, str) else "…" if tag != "n" else shown(body)
    elif isinstance(body, list) and tag in _BRACKETS:
        yield _BRACKETS[tag][0]
        for at, item in enumerate(cast("list[Any]", body)):
            yield ", " if at else ""
            if tag == "d" and isinstance(item, list) and len(cast("list[Any]", item)) == 2:
                yield from _parts(item[0], depth + 1)
                yield ": "
                yield from _parts(item[1], depth + 1)
            else:
                yield from _parts(item, depth + 1)
        yield _BRACKETS[tag][1]
    elif tag == "i":
        number = _number(tag, body)
        yield str(number)
    else:
        yield repr(cast("Any", body)[:SHOWN_CHARACTERS] if isinstance(body, (str, list)) else body)
