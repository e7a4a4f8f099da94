"""Finds rewards by name among the installed entry points of the group `assay.rewards`."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from app.rewards.base import Reward

GROUP = "assay.rewards"


class UnknownReward(LookupError):
    """No reward of this name is installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown reward '{name}'; installed: {', '.join(names())}")


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def names() -> tuple[str, ...]:
    """Names of all installed rewards, sorted."""
    return tuple(sorted(_entry_points()))


@cache
def get(name: str) -> Reward[Any]:
    """The reward of this name; its module is imported on first use.

    Raises UnknownReward if there is none, TypeError if the entry point is no reward.
    """
    entry = _entry_points().get(name)
    if entry is None:
        raise UnknownReward(name)
    loaded = entry.load()
    if not isinstance(loaded, Reward):
        raise TypeError(f"entry point {entry.value} of reward '{name}' is no reward: decorate it with @reward")
    return loaded  # pyright: ignore[reportUnknownVariableType]
