"""The short way: a request for the scores of a few items goes from its connection straight to the queue, and the answer
straight back. A task of its own, and the layers that a server and a framework put around it, would cost more than all
else that is done for a single item.

It is taken by `POST /v1/score` of JSON or msgpack, up to `_MOST_BYTES` long, whose connection has nothing else under
way, and whose work the queue takes at once; a head that was read before is not even parsed. Whatever else there is
about a request (a form that is not this one, a key that is not known or has reached its limit, a body that breaks the
contract, an answer in lines, a full queue) is found out before anything is begun, and left to the ordinary way, which
then does and answers everything by itself.
"""

import asyncio
import time
from functools import lru_cache
from typing import Any

from fastapi import Request, Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.api.auth.gate import admit
from app.api.bodies import Media, headers_of, respond
from app.api.errors import CLIENT_GONE, Problem, problem_of
from app.api.heads import Head, Heads, is_length
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
_FRONTS = 8
_UNUSUAL = frozenset({b"content-encoding", b"expect", b"transfer-encoding", b"upgrade"})
"""Headers of requests that go the ordinary way."""
_CLOSE = b"\r\nconnection: close\r\n"
_BODY_WITHIN_S = 0.02
"""A body that has not come so soon after its head is waited for on the ordinary way."""


class ShortProtocol(BoundedProtocol):
    """HTTP connections, with the short way."""

    def __init__(self, *args: Any, state: State, heads: Heads, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.assay = state
        self._heads = heads
        self._begins = b""
        """What is being read, if it begins with a request."""
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
        begins, self._begins = self._begins, b""
        body = self._body
        if body is None:
            super().on_message_complete()
            return
        scope: Any = self.scope
        scope.update(_PLACE)
        try:
            head = Head.of(scope, self.parser.should_keep_alive())
        except Problem:
            head = None
        if head is None or not self._exchange(head, body):
            self._go_ordinary_way()
            super().on_message_complete()
            return
        self._forget_body()
        self.end_of_message()
        if begins:
            self._heads.keep(begins, head)

    def data_received(self, data: bytes) -> None:
        if self.at_start and len(data) <= _MOST_BYTES and self._has_ended():
            if self._known(data):
                return
            self._begins = data
        super().data_received(data)
        self._begins = b""
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
        lines = [_front(response.status_code, *self.server_state.default_headers)]
        for name, value in response.raw_headers:
            lines += (name, b": ", value, b"\r\n")
        lines += (REQUEST_ID, b": ", exchange.request_id.encode(), b"\r\n" if exchange.keep_alive else _CLOSE, b"\r\n")
        self.write_now(b"".join(lines) + response.body)
        if not exchange.keep_alive:
            self.transport.close()
        self.at_rest()

    def _may_be_short(self) -> bool:
        """Whether all that is known by the end of its head says that a request may go the short way."""
        if self.url != _URL or self.parser.get_method() != b"POST" or self.parser.get_http_version() != "1.1":
            return False
        headers = headers_of(self.scope)  # pyright: ignore[reportArgumentType]
        size = headers.get(b"content-length", b"")
        return (
            is_length(size)
            and int(size) <= min(_MOST_BYTES, self.assay.settings.max_body_bytes)
            and _UNUSUAL.isdisjoint(headers)
            and self._has_ended()
        )

    def _has_ended(self) -> bool:
        """Whether nothing else is under way here."""
        return (not self.cycle or self.cycle.response_complete) and not self.flow.write_paused

    def _known(self, data: bytes) -> bool:
        """Take data that is a request whose head was read before; whether it was that."""
        found = self._heads.find(data)
        if found is None:
            return False
        head, body_at, size = found
        if len(data) != body_at + size or size > self.assay.settings.max_body_bytes:
            return False
        if not self._exchange(head, data[body_at:]):
            return False
        self.skip_parser()
        return True

    def _exchange(self, head: Head, body: bytes) -> bool:
        """Begin with a request; where that does not go the short way, nothing has happened."""
        try:
            exchange = Exchange.begin(self, head, body)
        except Exception:  # noqa: BLE001
            return False  # What goes wrong goes wrong on the ordinary way too, and is answered there.
        if exchange is None:
            return False
        self.cycle = exchange  # pyright: ignore[reportAttributeAccessIssue]
        self.tasks.add(exchange)  # pyright: ignore[reportArgumentType]
        self.callers.append(exchange)
        return True

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


@lru_cache(_FRONTS)
def _front(status: int, *headers: tuple[bytes, bytes]) -> bytes:
    """What answers of one second have in common."""
    return b"".join([STATUS_LINE[status], *(b"%b: %b\r\n" % header for header in headers)])


class Exchange:
    """A request on the short way; it stands where uvicorn has its own record of a request, and its task."""

    message_event = asyncio.Event()
    """Nobody waits for it."""
    disconnected = False
    more_body = False
    body_here = True
    response_complete = False
    _ended = False

    def __init__(self, protocol: ShortProtocol, head: Head) -> None:
        """Raises Problem where the client may not have anything scored."""
        self._started = time.monotonic()
        self._protocol = protocol
        self._state = protocol.assay
        self._head = head
        self._scope = head.scope_of(protocol.client, protocol.server)
        self.request_id = identify(self._scope)
        self._use = protocol.assay.gate.find(self._scope)
        self.keep_alive = head.keep_alive

    @classmethod
    def begin(cls, protocol: ShortProtocol, head: Head, body: bytes) -> "Exchange | None":
        """Have a request's items scored. None, or an exception of any kind: the ordinary way has to see to it."""
        if head.wanted is Media.NDJSON:
            return None
        exchange = cls(protocol, head)
        decoded = at_once(body, head.sent, ScoreRequest)
        if decoded is None or not exchange._submit(*decoded, len(body)):
            return None
        return exchange

    def _submit(self, what: ScoreRequest, items: list[ItemIn], size: int) -> bool:
        """Put items into the queue, unless that has to wait for anything. Raises Problem, QueueFull."""
        self._scoring = Scoring(self._state, self._scope, Decoded(what, items), self._started)
        if not items or not self._scoring.takes_at_once(len(items)):
            return False
        self._state.inbound.take(self._scope, size)
        try:
            if self._use is not None:
                admit(self._use)
            self._scoring.begin(items, self._head.reuse, self._protocol.loop, self._over)
        except BaseException:
            self._state.inbound.release(self._scope)
            raise
        if self._use is not None:
            self._state.metrics.by_key.labels(self._use.key.name, "let in").inc()
            self._use.running += 1
        return True

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
            response = respond(self._scoring.response(self._head.wanted), self._head.wanted)
        except QueueUnavailable as error:
            response = problem_of(error).response(Request(self._scope))
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
        self._state.inbound.release(self._scope)
        if self._use is not None:
            self._use.running -= 1
        self._state.metrics.request(_PATH, status, time.monotonic() - self._started)
