"""Packages of the extra `offline`, imported where they are needed, and not where they are not."""

import importlib
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
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


@contextmanager
def without(module: str) -> Generator[None]:
    """Meanwhile a package can't be imported that another one would take along though it does without it."""
    finder = _Absent(module)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def bare_structlog() -> None:
    """Import structlog without what prints tracebacks to people, which it would take along: a command waits for it."""
    with without("rich"):
        importlib.import_module("structlog")


class _Absent(MetaPathFinder):
    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == self._module:
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)


def _missing(module: str, purpose: str) -> InputError:
    name = module.partition(".")[0]
    return InputError(f"{purpose} the package {name} is needed: pip install 'assay[offline]'")
