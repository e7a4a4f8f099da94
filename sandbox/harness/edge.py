"""The one place where anything may be caught: the edge between this harness and a stranger's code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Failed:
    """What the other side raised, `SystemExit` and `KeyboardInterrupt` included."""

    error: BaseException


def attempt(call: Callable[[], T]) -> T | Failed:
    """The result of code that may raise anything, or what it raised."""
    try:
        return call()
    except BaseException as error:  # noqa: BLE001
        return Failed(error)
