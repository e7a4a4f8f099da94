"""Imported once by the fork server: every installed reward, so that each child starts with them loaded."""

import gc

from app.rewards import registry
from app.worker import child

for _name in registry.names():
    registry.get(_name)
gc.freeze()

__all__ = ["child"]
