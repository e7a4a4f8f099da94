"""Responses of NDJSON lines: sent as they are ready, stopped when the client goes or stops reading."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial

import msgspec
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.api.bodies import Media, stall_of
from app.api.disconnect import ClientGone, while_connected
from app.api.errors import Problem, problem_of
from app.queue.outage import QueueUnavailable
from app.queue.room import QueueFull


async def line_response(request: Request, lines: AsyncGenerator[bytes], *, at_once: bool = False) -> StreamingResponse:
    """Stream lines. What fails before the first is an answer of its own; later, a last line with the `problem`.

    `at_once`: the answer begins before there is a line.
    """
    first = b"" if at_once else await while_connected(request.scope, _first(lines))
    return _Lines(_guarded(request, first, lines), stall_of(request))


async def _first(lines: AsyncGenerator[bytes]) -> bytes:
    return await anext(lines)


class _Lines(StreamingResponse):
    def __init__(self, lines: AsyncGenerator[bytes], stall_s: float) -> None:
        super().__init__(lines, media_type=Media.NDJSON)
        self._stall_s = stall_s
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with suppress(ClientGone):
                await while_connected(scope, self.stream_response(send))
        finally:  # Where sending fails, the lines would be left waiting for somebody to ask for the next.
            await self._lines.aclose()

    async def stream_response(self, send: Send) -> None:
        await super().stream_response(partial(_in_time, send, self._stall_s))


async def _in_time(send: Send, stall_s: float, message: Message) -> None:
    """Send, unless the client has not read for so long that it never will."""
    try:
        async with asyncio.timeout(stall_s):
            await send(message)
    except TimeoutError:
        raise ClientGone from None


async def _guarded(request: Request, first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for line in rest:
            yield line
    except (Problem, QueueFull, QueueUnavailable) as error:
        yield msgspec.json.encode({"problem": problem_of(error).body(request)}) + b"\n"
    finally:
        await rest.aclose()
