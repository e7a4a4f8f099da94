"""A large batch cut into requests, and how to go on when one item of a request is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from assay_client._models import Item, ItemError, Result

MAX_ITEMS = 4096
"""Items of one request: its answer is read at once, a few MB."""
MAX_CHARS = 32 * 1024 * 1024
"""Text of one request: large enough to be worth the trip, small enough to send again after a failure."""
SHARE_ITEMS = 64
"""A batch is not cut into smaller parts than this to share it between nodes."""
_BAD_ITEM = re.compile(r"items\[(\d{1,9})\]")


class Part(NamedTuple):
    """Items of one request, by position in the batch."""

    positions: list[int]
    items: list[Item]


def parts(items: Sequence[Item], nodes: int) -> list[Part]:
    """Cut a batch into requests. Items of one group stay together: a group's statistics need all of them."""
    limit = min(MAX_ITEMS, max(SHARE_ITEMS, -(-len(items) // max(1, nodes)))) if nodes > 1 else MAX_ITEMS
    found: list[Part] = []
    size = 0
    for unit in _units(items):
        chars = sum(_chars(items[position]) for position in unit)
        if not found or len(found[-1].positions) + len(unit) > limit or size + chars > MAX_CHARS:
            found.append(Part([], []))
            size = 0
        found[-1].positions.extend(unit)
        found[-1].items.extend(items[position] for position in unit)
        size += chars
    return found or [Part([], [])]


def _units(items: Sequence[Item]) -> list[list[int]]:
    """Positions that must stay together, in the order of their first items."""
    units: list[list[int]] = []
    groups: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        group = item.get("group")
        if group is None:
            units.append([position])
        elif group in groups:
            groups[group].append(position)
        else:
            groups[group] = [position]
            units.append(groups[group])
    return units


def _chars(item: Item) -> int:
    total = 256
    for name in ("completion", "prompt"):
        value = item.get(name)
        if isinstance(value, str):
            total += len(value)
        elif value:
            total += sum(len(str(message)) for message in value)
    return total


def refused_items(errors: object) -> dict[int, str]:
    """Positions of the items that a refusal names, with the reason; empty if it names anything else as well."""
    found: dict[int, str] = {}
    for error in errors if isinstance(errors, list) else ():  # pyright: ignore[reportUnknownVariableType]
        path = str(error.get("path", "")) if isinstance(error, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        match = _BAD_ITEM.match(path)
        if match is None:
            return {}
        detail = f"{path[match.end() + 1 :]}: {error.get('detail', '')}"  # pyright: ignore[reportUnknownMemberType]
        found.setdefault(int(match[1]), detail)
    return found


def refused_result(item: Item, position: int, detail: str) -> Result:
    """The result of an item that the service would not take: an abstention, never a score."""
    return Result(str(item.get("id", position)), None, {}, ItemError("invalid", detail))
