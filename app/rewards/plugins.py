"""Rewards of the user's own: Python files and modules that the environment's `ASSAY_PLUGINS` names.

They run where all rewards run, in the worker's killable children with their limits of time and memory.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from app.rewards.base import GroupReward, Reward

ENV = "ASSAY_PLUGINS"


class PluginError(ImportError):
    """A plugin that can't be loaded, or that holds no reward."""


def load(named: str) -> dict[str, Reward[Any] | GroupReward[Any]]:
    """The rewards of all plugins, by name: paths of `.py` files or names of modules, with `os.pathsep` between.

    Raises PluginError, and whatever a plugin raises while it is imported.
    """
    found: dict[str, Reward[Any] | GroupReward[Any]] = {}
    for plugin in filter(None, map(str.strip, named.split(os.pathsep))):
        rewards = rewards_of(_import(plugin))
        if not rewards:
            raise PluginError(f"plugin '{plugin}' has no reward: decorate a function with @reward")
        for reward in rewards:
            if reward.name in found:
                raise PluginError(f"plugin '{plugin}' has a second reward '{reward.name}'")
            found[reward.name] = reward
    return found


def load_file(path: Path) -> ModuleType:
    """The module of a file. Raises PluginError if there is no such file."""
    if not path.is_file():
        raise PluginError(f"there is no file '{path}'")
    name = f"assay_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"'{path}' is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def rewards_of(module: ModuleType) -> list[Reward[Any] | GroupReward[Any]]:
    """The rewards at the top of a module, in their order."""
    return [value for value in vars(module).values() if isinstance(value, Reward | GroupReward)]


def _import(plugin: str) -> ModuleType:
    if plugin.endswith(".py"):
        return load_file(Path(plugin).expanduser())
    try:
        return importlib.import_module(plugin)
    except ModuleNotFoundError as error:
        raise PluginError(f"plugin '{plugin}': {error}") from None
