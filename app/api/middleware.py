"""Around every request: an id that the logs of all processes carry, and the request metrics."""

import os
import re
import time
from itertools import count

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.bodies import headers_of
from app.api.inbound import Inbound
from app.observe.metrics import Metrics

_ID = re.compile(rb"[\w.:-]{1,128}")
REQUEST_ID = b"x-request-id"
_PROCESS = os.urandom(8).hex()
_numbers = count()
_UNKNOWN = "unknown"
"""Route label of paths that do not exist: a scanner must not mint time series."""


class Observed:
    """ASGI middleware; plain, so that it neither buffers nor wraps the streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics, inbound: Inbound) -> None:
        self._app = app
        self._metrics = metrics
        self._inbound = inbound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = identify(scope)
        status = 500
        started = time.perf_counter()

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (REQUEST_ID, request_id.encode())]
            await send(message)

        structlog.contextvars.bind_contextvars(request=request_id)  # A request is a task, with a context of its own.
        try:
            await self._app(scope, receive, send_observed)
        finally:
            self._inbound.release(scope)
            route = getattr(scope.get("route"), "path", _UNKNOWN)
            self._metrics.request(route, status, time.perf_counter() - started)


def identify(scope: Scope) -> str:
    """A new id for a request: the client's with a suffix of our own, which keeps it unique, or one of our own."""
    own = f"{_PROCESS}{next(_numbers):012x}"
    given = headers_of(scope).get(REQUEST_ID)
    state = scope["state"]
    state["named"] = named = given is not None and _ID.fullmatch(given) is not None
    state["request_id"] = request_id = f"{given.decode()}.{own}" if given is not None and named else own
    return request_id
