"""Finds rewards by name: entry points of the group `assay.rewards`, and the plugins that `ASSAY_PLUGINS` names."""

import os
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import cleandoc
from math import isfinite
from typing import Any

from app.rewards import plugins
from app.rewards.base import GroupReward, Limits, Reward
from app.rewards.descriptions import described
from app.settings import Settings

GROUP = "assay.rewards"
_OWN = "app.rewards."
AnyReward = Reward[Any] | GroupReward[Any]


class UnknownReward(LookupError):
    """No reward of this name is installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown reward '{name}'; installed: {', '.join(all_names())}")


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@cache
def _plugins() -> dict[str, AnyReward]:
    return plugins.load(os.environ.get(plugins.ENV, ""))


def all_names() -> tuple[str, ...]:
    """Names of all installed rewards, those of groups included, sorted."""
    return tuple(sorted({*_entry_points(), *_plugins()}))


def shipped() -> tuple[str, ...]:
    """Names of the rewards of this package, those of groups included, sorted."""
    return tuple(sorted(name for name, entry in _entry_points().items() if entry.module.startswith(_OWN)))


def names() -> tuple[str, ...]:
    """Names of the rewards that score single items, sorted."""
    return tuple(name for name in all_names() if isinstance(find(name), Reward))


@cache
def find(name: str) -> AnyReward:
    """The reward of this name, of items or of groups; its module is imported on first use.

    A plugin goes before an entry point of its name. Raises UnknownReward if there is none, TypeError if the entry point
    is no reward, PluginError if a plugin can't be loaded.
    """
    if name in _plugins():
        return _plugins()[name]
    entry = _entry_points().get(name)
    if entry is None:
        raise UnknownReward(name)
    loaded = entry.load()
    if not isinstance(loaded, Reward | GroupReward):
        raise TypeError(f"entry point {entry.value} of reward '{name}' is no reward: decorate it with @reward")
    return loaded  # pyright: ignore[reportUnknownVariableType]


def is_plugin(name: str) -> bool:
    """Whether a reward is somebody else's: a file or module of `ASSAY_PLUGINS`, or another distribution's."""
    entry = _entry_points().get(name)
    return name in _plugins() or entry is None or not entry.module.startswith(_OWN)


def limits_of(reward: AnyReward) -> Limits:
    """A reward's own limits; where a plugin gives none, the settings' for plugins."""
    if not is_plugin(reward.name):
        return reward.limits
    own, settings = reward.limits, Settings()
    return Limits(
        own.cpu_s or settings.plugin_cpu_s,
        own.wall_s or settings.plugin_wall_s,
        own.memory_mb or settings.plugin_memory_mb,
    )


def get(name: str) -> Reward[Any]:
    """The reward of single items of this name. Raises as `find`, and UnknownReward for a group's reward."""
    found = find(name)
    if isinstance(found, GroupReward):
        raise UnknownReward(name)
    return found


def describe_one(reward: AnyReward) -> dict[str, Any]:
    """A reward as data: name, version, summary, doc, range, lane, source, parameters as JSON Schema."""
    doc = cleandoc(reward.doc)
    lanes: Any = "group" if isinstance(reward, GroupReward) else reward.lane("none")
    return {
        "name": reward.name,
        "version": reward.version,
        "summary": doc.partition("\n")[0],
        "doc": doc,
        "range": [bound if isfinite(bound) else None for bound in reward.bounds],
        "lane": lanes,
        "source": _source(doc),
        "params": described(reward.params),
    }


def _source(doc: str) -> str | None:
    """The sentence after `Source:`, over line breaks, up to the next field."""
    _, found, rest = doc.partition("Source:")
    return " ".join(rest.partition("Example:")[0].split()).rstrip(".") if found else None


def describe() -> list[dict[str, Any]]:
    """All rewards as data, by name."""
    return [describe_one(find(name)) for name in all_names()]
