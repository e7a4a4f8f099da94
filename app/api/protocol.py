"""HTTP connections with bounds that uvicorn leaves to a proxy: how long and how large the head of a request may be.

They tell a request at once when its client has gone, and whether its body is here.
"""

import asyncio
from collections import deque
from math import inf
from typing import Any, cast

from httptools import HttpRequestParser
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.disconnect import Asking, ClientGone, introduce
from app.api.filling import Filling

HEAD_S = 30.0
"""From a connection's first byte to the end of its first request's head; an honest client takes milliseconds."""
MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers: eight times what common servers allow."""
_HELD_BYTES = 32 * 1024
"""More is written at once, so that a client who does not read is noticed."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class _Gathered:
    """A transport whose writes of one turn of the loop go out together: a head and its body are one packet."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._size = 0
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > _HELD_BYTES:
            self._flush()

    def write_now(self, data: bytes) -> None:
        """Write what is one packet, after whatever was held."""
        self._flush()
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held, self._size = self._held, [], 0
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections that send no request in time, or one whose head does not end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._in_head = True
        self.at_start = True
        """The parser holds nothing: what comes next is the first byte of a request."""
        self._at_rest_since = -inf
        self.callers: deque[Asking] = deque()
        """Of the requests that are not answered, in the order they came."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._gathered = _Gathered(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", self._gathered))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        for caller in self.callers:
            caller.leave()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head or not self._head_bytes:
            return
        self._expect_head()
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self.at_start = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._stop_timer()
        self.begin()

    def begin(self) -> None:
        """The head of a request is here: have it answered."""
        self.callers.append(introduce(self.scope, self._fill))  # pyright: ignore[reportArgumentType]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.end_of_message()
        if self.callers:  # An answer may come before the end of what it answers.
            self.callers[-1].body_here = True
        super().on_message_complete()

    def write_now(self, packet: bytes) -> None:
        """Write what is whole."""
        self._gathered.write_now(packet)

    def skip_parser(self) -> None:
        """A request is here that is not given to the parser; its answer ends with `at_rest`."""
        self._stop_timer()

    def at_rest(self) -> None:
        """What `on_response_complete` does, but that a timer that is set stays: each request would set a new one."""
        if self.pipeline or self.timeout_keep_alive_task is None:
            self.on_response_complete()
            return
        self.callers.popleft()
        self.server_state.total_requests += 1
        self._at_rest_since = self.loop.time()

    def timeout_keep_alive_handler(self) -> None:
        """Close, unless the connection was at work since the timer was set."""
        rested = 0.0 if self.callers else self.loop.time() - self._at_rest_since
        if rested >= self.timeout_keep_alive:
            super().timeout_keep_alive_handler()
            return
        left = self.timeout_keep_alive - rested
        self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def end_of_message(self) -> None:
        """What comes next is a head."""
        self._in_head = self.at_start = True

    def on_response_complete(self) -> None:
        self.callers.popleft()
        super().on_response_complete()

    async def _fill(self, scope: Scope, size: int, stall_s: float) -> bytearray | None:
        """All of the body of a request, of a declared size, as `Caller.fill` says."""
        cycle = self.cycle
        if cycle.scope is not scope or not cycle.more_body or cycle.waiting_for_100_continue:
            return None
        filling = Filling(cycle.body, size, self, self.flow.pause_reading)
        cycle.body = bytearray()
        self._hand_over(filling)
        try:
            if not await filling.filled(stall_s):
                raise ClientGone
        except BaseException:
            cycle.keep_alive = False  # Where the next request begins is not known any more.
            raise
        finally:
            self._hand_over(self)
            filling.release()
        self.parser = HttpRequestParser(self)
        self.on_message_complete()
        return filling.body

    def _hand_over(self, protocol: asyncio.BaseProtocol) -> None:
        """Let a protocol read; a transport looks what sort it is when it begins to read."""
        if not self.transport.is_closing():
            self.flow.pause_reading()
            self.transport.set_protocol(protocol)
            self.flow.resume_reading()

    def _expect_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_S, self._close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
