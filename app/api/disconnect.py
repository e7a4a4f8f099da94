"""Stops work that nobody waits for: a client that goes away ends its request."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


class ClientGone(Exception):
    """The client closed the connection before the answer was ready."""


async def while_connected(request: Request, work: Coroutine[Any, Any, T], body_read: asyncio.Event | None = None) -> T:
    """Do the work, unless the client disconnects: then it is cancelled. Raises ClientGone.

    `body_read` is set once the body has been read, where the work does that.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_disconnected(request, body_read))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        for one in (task, watch):
            one.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _disconnected(request: Request, body_read: asyncio.Event | None) -> None:
    """Return once the client has gone."""
    if body_read is not None:
        await body_read.wait()
    while (await request.receive())["type"] != "http.disconnect":
        pass
