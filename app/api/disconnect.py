"""Stops work that nobody waits for: a client that goes away ends its request."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from starlette.types import Scope

T = TypeVar("T")
Fill = Callable[[Scope, int, float], Awaitable[bytearray | None]]
_CALLER = "caller"


class ClientGone(Exception):
    """The client closed the connection before the answer was ready."""


class Asking(Protocol):
    """Whoever is to be told of a request's client."""

    body_here: bool
    """All of the request's body has arrived."""

    def leave(self) -> None:
        """The connection is closed."""
        ...


class Caller:
    """The client of one request, as the connection knows it."""

    __slots__ = ("body_here", "fill", "gone", "on_leaving")

    def __init__(self, fill: Fill) -> None:
        self.fill = fill
        """Gives the body of a request, of a size by its own word, read without copies; None where that can't be done.

        Raises ClientGone; TimeoutError where nothing came for so many seconds.
        """
        self.gone = False
        self.body_here = False
        """All of the request's body has arrived."""
        self.on_leaving: Callable[[], object] | None = None

    def leave(self) -> None:
        """The connection is closed."""
        self.gone = True
        if self.on_leaving is not None:
            self.on_leaving()


def introduce(scope: Scope, fill: Fill) -> Caller:
    """Make a request's caller known to who handles it."""
    caller = scope["state"][_CALLER] = Caller(fill)
    return caller


def caller_of(scope: Scope) -> Caller | None:
    """Who sent a request; None under a server that does not say."""
    return scope.get("state", {}).get(_CALLER)


async def while_connected(scope: Scope, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, unless the request's client disconnects: then it is cancelled. Raises ClientGone."""
    caller, task = caller_of(scope), asyncio.current_task()
    if caller is None or task is None:
        return await work
    if caller.gone:
        work.close()
        raise ClientGone
    caller.on_leaving = task.cancel
    try:
        return await work
    except asyncio.CancelledError:
        if caller.gone and not task.uncancel():
            raise ClientGone from None
        raise
    finally:
        caller.on_leaving = None
