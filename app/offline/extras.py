"""Packages of the extra `offline`, imported where they are needed."""

import importlib
from typing import Any


class InputError(Exception):
    """No such file, or none that can be read. Says what can be."""


def optional(module: str, purpose: str) -> Any:
    """A package of the extra `offline`. Raises InputError that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise InputError(f"{purpose} the package {name} is needed: pip install 'assay[offline]'") from None
