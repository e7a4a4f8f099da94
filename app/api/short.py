"""The short way: a request for the scores of a few items goes from its connection straight to the queue, and the answer
straight back. A task of its own, and the layers that a server and a framework put around it, would cost more than all
else that is done for a single item.

It is taken by `POST /v1/score` of JSON or msgpack, up to `_MOST_BYTES` long, whose connection has nothing else under
way, and whose work the queue takes at once. Whatever else there is about a request (a form that is not this one, a key
that is not known or has reached its limit, a body that breaks the contract, an answer in lines, a full queue) is found
out before anything is begun, and left to the ordinary way, which then does and answers everything by itself.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from fastapi import Request, Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.api.auth.gate import admit
from app.api.auth.limits import Use
from app.api.bodies import Media, accepted, header_of, headers_of, respond, sent
from app.api.errors import CLIENT_GONE, problem_of
from app.api.items import ItemIn
from app.api.middleware import REQUEST_ID, identify
from app.api.protocol import BoundedProtocol
from app.api.received import Decoded, at_once
from app.api.score import Scoring
from app.api.state import State
from app.queue.outage import QueueUnavailable
from app.schemas import ScoreRequest

_PATH = "/v1/score"
_URL = _PATH.encode()
_PLACE = {"method": "POST", "path": _PATH, "raw_path": _URL, "query_string": b""}
_MOST_BYTES = 64 * 1024
"""Decoding more takes longer than what is saved."""
_DIGITS = 5
_UNUSUAL = frozenset({b"content-encoding", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers of requests that go the ordinary way."""
_CLOSE = b"\r\nconnection: close\r\n"
_BODY_WITHIN_S = 0.02
"""A body that has not come so soon after its head is waited for on the ordinary way."""


class ShortProtocol(BoundedProtocol):
    """HTTP connections, with the short way."""

    def __init__(self, *args: Any, state: State, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.assay = state
        self._body: bytes | None = None
        """What has come of a body whose request may go the short way."""
        self._patience: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        if self._may_be_short():
            self._body = b""
        else:
            super().begin()

    def on_body(self, body: bytes) -> None:
        if self._body is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        body = self._body
        if body is None:
            super().on_message_complete()
            return
        try:
            exchange = Exchange.begin(self, body)
        except Exception:  # noqa: BLE001
            exchange = None  # What goes wrong goes wrong on the ordinary way too, and is answered there.
        if exchange is None:
            self._go_ordinary_way()
            super().on_message_complete()
            return
        self._forget_body()
        self.end_of_message()
        self.cycle = exchange  # pyright: ignore[reportAttributeAccessIssue]
        self.tasks.add(exchange)  # pyright: ignore[reportArgumentType]
        self.callers.append(exchange)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._body is not None and self._patience is None:
            self._patience = self.loop.call_later(_BODY_WITHIN_S, self._go_ordinary_way)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_body()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._go_ordinary_way()
        super().shutdown()

    def answer(self, exchange: "Exchange", response: Response) -> None:
        """Write an answer, as one packet."""
        exchange.response_complete = True
        lines = [STATUS_LINE[response.status_code]]
        for name, value in (*self.server_state.default_headers, *response.raw_headers):
            lines += (name, b": ", value, b"\r\n")
        lines += (REQUEST_ID, b": ", exchange.request_id.encode(), b"\r\n" if exchange.keep_alive else _CLOSE, b"\r\n")
        self.transport.write(b"".join(lines) + response.body)
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _may_be_short(self) -> bool:
        """Whether all that is known by the end of its head says that a request may go the short way."""
        if self.url != _URL or self.parser.get_method() != b"POST" or self.parser.get_http_version() != "1.1":
            return False
        headers = headers_of(self.scope)  # pyright: ignore[reportArgumentType]
        size = headers.get(b"content-length", b"")
        return (
            size.isdigit()
            and len(size) <= _DIGITS
            and int(size) <= min(_MOST_BYTES, self.assay.settings.max_body_bytes)
            and _UNUSUAL.isdisjoint(headers)
            and (not self.cycle or self.cycle.response_complete)
            and not self.flow.write_paused
        )

    def _go_ordinary_way(self) -> None:
        """Begin with what has come of a request as if it had never been held."""
        body = self._body
        self._forget_body()
        if body is not None:
            super().begin()
            super().on_body(body)

    def _forget_body(self) -> None:
        self._body = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class Exchange:
    """A request on the short way; it stands where uvicorn has its own record of a request, and its task."""

    message_event = asyncio.Event()
    """Nobody waits for it."""

    def __init__(
        self, protocol: ShortProtocol, request: Request, scoring: Scoring, media: Media, use: Use | None, started: float
    ) -> None:
        self._protocol = protocol
        self._state = protocol.assay
        self._request = request
        self._scoring = scoring
        self._media = media
        self._use = use
        self._started = started
        self._ended = False
        self.request_id: str = request.scope["state"]["request_id"]
        self.keep_alive: bool = protocol.parser.should_keep_alive()
        self.disconnected = False
        self.more_body = False
        self.body_here = True
        self.response_complete = False

    @classmethod
    def begin(cls, protocol: ShortProtocol, body: bytes) -> "Exchange | None":
        """Have a request's items scored. None, or an exception of any kind: the ordinary way has to see to it."""
        started = time.monotonic()
        scope: Any = protocol.scope
        scope.update(_PLACE)
        identify(scope)
        use = protocol.assay.gate.find(scope)
        request = Request(scope)
        decoded = at_once(body, sent(request, (Media.JSON, Media.MSGPACK)), ScoreRequest)
        media = accepted(request)
        if decoded is None or media is Media.NDJSON:
            return None
        head, items = decoded
        scoring = Scoring(protocol.assay, request, Decoded(head, items), started)
        if not items or not scoring.takes_at_once(len(items)):
            return None
        exchange = cls(protocol, request, scoring, media, use, started)
        exchange._submit(items, len(body))
        return exchange

    def _submit(self, items: Sequence[ItemIn], size: int) -> None:
        """Raises Problem, QueueFull."""
        scope = self._request.scope
        self._state.inbound.take(scope, size)
        try:
            if self._use is not None:
                admit(self._use)
            reuse = "no-store" not in header_of(self._request, b"cache-control")
            self._scoring.begin(items, reuse, self._protocol.loop, self._over)
        except BaseException:
            self._state.inbound.release(scope)
            raise
        if self._use is not None:
            self._state.metrics.by_key.labels(self._use.key.name, "let in").inc()
            self._use.running += 1

    def leave(self) -> None:
        """The client is gone."""
        self._end(CLIENT_GONE)

    def cancel(self, msg: str | None = None) -> None:
        """The service stops, and has waited for long enough."""
        self._protocol.loop.call_soon(self._break)

    def _over(self) -> None:
        """All scores are here, or will never be."""
        if self._ended:
            return
        try:
            response = respond(self._scoring.response(self._media), self._media)
        except QueueUnavailable as error:
            response = problem_of(error).response(self._request)
        except Exception as error:  # noqa: BLE001
            self._break(error)
            return
        self._answer(response)

    def _break(self, error: Exception | None = None) -> None:
        """Answer as the server does where a request ends in an exception."""
        if not self._ended:
            self._protocol.logger.error("Exception on the short way", exc_info=error)
            self.keep_alive = False
            self._answer(Response("Internal Server Error", 500, media_type="text/plain"))

    def _answer(self, response: Response) -> None:
        self._end(response.status_code)
        self._protocol.answer(self, response)

    def _end(self, status: int) -> None:
        self._ended = True
        self._protocol.tasks.discard(self)  # pyright: ignore[reportArgumentType]
        self._scoring.end()
        self._state.inbound.release(self._request.scope)
        if self._use is not None:
            self._use.running -= 1
        self._state.metrics.request(_PATH, status, time.monotonic() - self._started)
