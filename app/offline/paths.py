"""Paths into a row: how a layout says where a value stands.

`reward_model.ground_truth`   a field of a field
`messages[-1].content`        an element of a list
`generations[*]`              every element: the row holds one record for each
`=math`                       a constant
`answer | after_hash`         a value put through a filter, see FILTERS
`?step`                       as `step`, where absence is no fault
"""

import json
import re
from collections.abc import Callable, Collection
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+|\*)\]")
_BOXED = "\\boxed{"
MISSING: Any = object()
"""What a path finds where there is nothing."""
MAX_PARTS = 4096
"""Records of one row: above any number of samples of a prompt."""


def _after_hash(value: Any) -> Any:
    return value.rpartition("####")[2].strip() if isinstance(value, str) else value


def last_boxed(text: Any) -> Any:
    r"""What the last `\boxed{…}` holds; MISSING where there is none or it never closes."""
    if not isinstance(text, str) or (start := text.rfind(_BOXED)) < 0:
        return MISSING
    depth = 0
    for at in range(start + len(_BOXED) - 1, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if not depth:
            return text[start + len(_BOXED) : at]
    return MISSING


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return MISSING


def _first(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else MISSING  # pyright: ignore[reportUnknownVariableType]
    return value


FILTERS: dict[str, Callable[[Any], Any]] = {
    "after_hash": _after_hash,
    "boxed": last_boxed,
    "json": _json,
    "first": _first,
    "text": lambda value: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
    "number": lambda value: float(value) if isinstance(value, int | float) else MISSING,
}


class BadPath(ValueError):
    """A path that can't be read. Says what is wrong with it."""


class Path:
    """One path, read once."""

    def __init__(self, text: str) -> None:
        self.text = text
        body, *filters = (part.strip() for part in text.split("|"))
        self.optional = body.startswith("?")
        body = body.removeprefix("?")
        self.constant: str | None = body[1:] if body.startswith("=") else None
        unknown = [name for name in filters if name not in FILTERS]
        if unknown:
            raise BadPath(f"'{text}': unknown filter '{unknown[0]}'; there are: {', '.join(FILTERS)}")
        self._filters = [FILTERS[name] for name in filters]
        self._steps: list[str | int] = [] if self.constant is not None else _steps(body, text)
        self.many = "*" in self._steps
        plain = len(self._steps) == 1 and isinstance(self._steps[0], str) and not self.many and not self._filters
        self.key: str | None = str(self._steps[0]) if plain else None
        """The column, where the path is no more than its name: most are, and need no walk."""

    def may_find(self, columns: Collection[str]) -> bool:
        """Whether a row with these columns may hold it: most paths' first step is one."""
        return not self._steps or not isinstance(self._steps[0], str) or self._steps[0] in columns

    def find(self, row: Any, part: int = 0) -> Any:
        """The value, that of record `part` where the row holds several; MISSING where there is none."""
        if self.constant is not None:
            return self.constant
        value = row
        for step in self._steps:
            value = _take(value, part if step == "*" else step)
            if value is MISSING:
                return MISSING
        for one in self._filters:
            value = one(value)
        return MISSING if value is None else value

    def count(self, row: Any) -> int:
        """How many records the row holds by this path: 1 without `[*]`."""
        if not self.many:
            return 1
        value = row
        for step in self._steps:
            if step == "*":
                value = _json(value)
                return min(len(value), MAX_PARTS) if isinstance(value, list) else 0  # pyright: ignore[reportUnknownArgumentType]
            value = _take(value, step)
        return 0


def _take(value: Any, step: str | int) -> Any:
    """One step further; a text is read as JSON first, as data sets keep lists in text columns."""
    if isinstance(value, str):
        value = _json(value)
    if isinstance(step, int):
        if isinstance(value, list) and -len(value) <= step < len(value):  # pyright: ignore[reportUnknownArgumentType]
            return value[step]  # pyright: ignore[reportUnknownVariableType]
        return MISSING
    return value.get(step, MISSING) if isinstance(value, dict) else MISSING  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def _steps(body: str, text: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(body):
        m = _STEP.match(body, at)
        if m is None:
            raise BadPath(f"'{text}': can't be read at '{body[at:]}'")
        steps.append(m[1] if m[1] is not None else "*" if m[2] == "*" else int(m[2]))
        at = m.end()
        if body[at : at + 1] == ".":
            at += 1
    if not steps:
        raise BadPath(f"'{text}': names nothing")
    return steps
