"""Imported once by the fork server of offline work: what finishes chunks by the usual rubrics.

A command waits for it, so what few rubrics need (the sandbox alone takes a tenth of a second) is left to the children
that meet it.
"""

import gc
from importlib import import_module

from app.offline.extras import bare_structlog

_USUAL = ("accuracy", "format", "language")

gc.disable()  # nothing of it is ever garbage
bare_structlog()
import_module("app.worker.child")
import_module("app.offline.engines.finishing")
_registry = import_module("app.rewards.registry")
for _name in _USUAL:
    _registry.get(_name)
import_module("app.rewards.checkers.math")
gc.freeze()
gc.enable()
