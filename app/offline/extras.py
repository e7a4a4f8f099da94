"""Packages of the extra `offline`, imported where they are needed."""

import importlib
from importlib.util import find_spec
from typing import Any


class InputError(Exception):
    """No such file, or none that can be read. Says what can be."""


def optional(module: str, purpose: str) -> Any:
    """A package of the extra `offline`. Raises InputError that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise _missing(module, purpose) from None


def required(module: str, purpose: str) -> None:
    """Look whether a package is there that is imported later. Raises as `optional`."""
    if find_spec(module) is None:
        raise _missing(module, purpose)


def _missing(module: str, purpose: str) -> InputError:
    name = module.partition(".")[0]
    return InputError(f"{purpose} the package {name} is needed: pip install 'assay[offline]'")
