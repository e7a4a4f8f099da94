"""Imported once by the fork server: every installed reward, so that each child starts with them loaded."""

import gc
from importlib import import_module

gc.disable()  # nothing of it is ever garbage
import_module("app.worker.child")
_registry = import_module("app.rewards.registry")
for _name in _registry.names():
    _registry.get(_name)
gc.freeze()
gc.enable()
