"""The shape of all checkers: `check(sample, policy) -> Component`, one for each kind of reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from app.rewards.base import CPU_LANE, Component, Sample

GROUP = "assay.checkers"


class BadPolicy(ValueError):
    """A policy that the checker can't use."""


@dataclass(frozen=True, slots=True)
class Checker:
    """Compares a completion with references of one kind; `policy` is the component's, with the item's over it."""

    kind: str
    check: Callable[[Sample, Mapping[str, Any]], Component]
    lane: str = CPU_LANE


def checker(
    kind: str, *, lane: str = CPU_LANE
) -> Callable[[Callable[[Sample, Mapping[str, Any]], Component]], Checker]:
    """Make a checker of a function `(sample, policy) -> Component`."""
    return lambda check: Checker(kind, check, lane)


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def kinds() -> tuple[str, ...]:
    """Kinds of references that can be compared with, sorted."""
    return tuple(sorted(_entry_points()))


@cache
def get(kind: str) -> Checker | None:
    """The checker of this kind. Raises TypeError if the entry point is none."""
    entry = _entry_points().get(kind)
    if entry is None:
        return None
    loaded = entry.load()
    if not isinstance(loaded, Checker):
        raise TypeError(f"entry point {entry.value} is no checker: decorate it with @checker")
    return loaded


def read_policy(policy: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with its defaults. Raises BadPolicy for an unknown name or a value of another type."""
    for name, value in policy.items():
        if name not in defaults:
            raise BadPolicy(f"unknown policy '{name}'; there are: {', '.join(defaults)}")
        default = defaults[name]
        number = isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool)
        if not number and default is not None and type(value) is not type(default):
            raise BadPolicy(f"policy '{name}' should be a {type(default).__name__}")
    return {**defaults, **policy}
