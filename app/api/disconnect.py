"""Stops work that nobody waits for: a client that goes away ends its request."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")
_WATCH_AFTER_S = 0.1
"""Work that ends sooner is not worth the task that watches for its client."""


class ClientGone(Exception):
    """The client closed the connection before the answer was ready."""


async def while_connected(request: Request, work: Coroutine[Any, Any, T], body_read: asyncio.Event | None = None) -> T:
    """Do the work, unless the client disconnects: then it is cancelled. Raises ClientGone.

    `body_read` is set once the body has been read, where the work does that.
    """
    loop = asyncio.get_running_loop()
    scope = asyncio.timeout(None)
    watches: list[asyncio.Task[None]] = []

    def begin_watch() -> None:
        watches.append(loop.create_task(_disconnected(request, body_read)))
        watches[0].add_done_callback(end_work)

    def end_work(_: asyncio.Task[None]) -> None:
        scope.reschedule(0.0)

    later = loop.call_later(_WATCH_AFTER_S, begin_watch)
    try:
        async with scope:
            return await work
    except TimeoutError:
        if not scope.expired():
            raise
        raise ClientGone from None
    finally:
        later.cancel()
        for watch in watches:
            watch.remove_done_callback(end_work)
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def _disconnected(request: Request, body_read: asyncio.Event | None) -> None:
    """Return once the client has gone."""
    if body_read is not None:
        await body_read.wait()
    while (await request.receive())["type"] != "http.disconnect":
        pass
