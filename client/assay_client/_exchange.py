"""One exchange with the service, tried again on whichever node is best until it succeeds or its deadline passes.

It goes straight to httpx's transport: what its client adds (redirects, cookies, merging of URLs and headers) costs as
much again, and a service of this one path needs none of it.
"""

from __future__ import annotations

import asyncio
import base64
import math
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar

import httpx

from assay_client import _wire
from assay_client._config import Config
from assay_client._errors import AssayError, Unreachable
from assay_client._policy import NODE_DOWN, RETRIED, Backoff, Node, Nodes, retry_after_s

T = TypeVar("T")
_CONNECT_S = 5.0
_MARGIN_S = 10.0
"""The service answers by the deadline; so much longer is waited for the transfer of a large batch."""
_LEAST_S = 0.001
_ADDRESSES = 64
_KEEPALIVE: list[tuple[int, int, int]] = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
        if hasattr(socket, name)
    ),
]
"""A node that vanishes while it scores sends nothing more: probes tell after 25 s, long before a deadline."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """What to send, and what to make of the answer."""

    method: str
    path: str
    deadline: float
    """Point in time of the monotonic clock."""
    consume: Callable[[httpx.Response], Awaitable[T]]
    """Reads an answer below 400; a TransportError of it is one of the exchange, and tried again."""
    body: Callable[[float], Mapping[str, Any]] | None = None
    """The request's value, given the seconds that are left; asked for at each attempt."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    weight: int = 1
    """Items, for the balance between nodes."""


async def read_value(response: httpx.Response) -> Any:
    """The whole answer's value. Raises ProtocolError."""
    return _wire.read(response.status_code, response.headers.get("content-type", ""), await response.aread())


class Exchange:
    """Connections to all nodes; belongs to one event loop."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._nodes = Nodes(config.urls)
        self._patience = math.inf if config.patience_s is None else config.patience_s
        most = config.in_flight * len(config.urls)
        self._gate = asyncio.Semaphore(most)
        self._headers = {"user-agent": "assay-client", "connection": "keep-alive"}
        if config.api_key is not None:
            self._headers["authorization"] = f"Bearer {config.api_key}"
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=most)
        # Certificates take a tenth of a second to load, which plain HTTP can do without.
        verify = config.verify if any(url.startswith("https") for url in config.urls) else False
        self._transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits, socket_options=_KEEPALIVE)

    @property
    def live_nodes(self) -> int:
        return self._nodes.live(time.monotonic())

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def run(self, call: Call[T]) -> T:
        """The answer. Raises Unreachable, or the last answer's ServiceError, once the deadline has no room for more."""
        backoff: Backoff | None = None
        tried: set[str] = set()
        while True:
            node = self._nodes.pick(time.monotonic())
            tried.add(node.url)
            try:
                return await self._attempt(call, node)
            except _TryAgain as again:
                failure = again
            now = time.monotonic()
            if any(other.url not in tried and other.ejected_until <= now for other in self._nodes.all):
                continue  # Another node may do it at once.
            tried.clear()
            backoff = backoff or Backoff(min(call.deadline, now + self._patience))
            delay = backoff.delay(now, failure.retry_after)
            if delay is None:
                raise failure.reason
            await asyncio.sleep(delay)

    async def _attempt(self, call: Call[T], node: Node) -> T:
        async with self._gate:
            node.in_flight += call.weight
            try:
                response = await self._transport.handle_async_request(self._request(call, node))
                try:
                    return await self._judged(call, node, response)
                finally:
                    await response.aclose()
            except httpx.TransportError as error:
                node.failed(time.monotonic())
                raise _TryAgain(Unreachable(f"{node.url}: {type(error).__name__}: {error}"), None) from error
            finally:
                node.in_flight -= call.weight

    async def _judged(self, call: Call[T], node: Node, response: httpx.Response) -> T:
        if response.status_code < 400:
            value = await call.consume(response)
            node.succeeded()
            return value
        content = await response.aread()
        error = _wire.refused(response.status_code, response.headers.get("content-type", ""), content)
        if response.status_code not in RETRIED:
            node.succeeded()
            raise error
        if response.status_code in NODE_DOWN:
            node.failed(time.monotonic())
        raise _TryAgain(error, retry_after_s(response.headers.get("retry-after")))

    def _request(self, call: Call[Any], node: Node) -> httpx.Request:
        left = max(_LEAST_S, call.deadline - time.monotonic())
        content, headers = None, {"accept": _wire.codec().media}
        if call.body is not None:
            compress = self._config.compress if self._config.compress is not None else not _wire.is_local(node.url)
            content, headers = _wire.packed(_wire.encoded(call.body(left)), compress)
        address, who = _address(node.url + call.path)
        patience = left + _MARGIN_S
        timeout = {"connect": min(_CONNECT_S, left), "read": patience, "write": patience, "pool": patience}
        return httpx.Request(
            call.method,
            address,
            content=content,
            headers={**who, **self._headers, **headers, **call.headers},
            extensions={"timeout": timeout},
        )


@lru_cache(maxsize=_ADDRESSES)
def _address(url: str) -> tuple[httpx.URL, dict[str, str]]:
    """A URL read once, and the header that its `user:password@` stands for."""
    address = httpx.URL(url)
    if not address.userinfo:
        return address, {}
    who = base64.b64encode(f"{address.username}:{address.password}".encode()).decode()
    return address.copy_with(username="", password=""), {"authorization": f"Basic {who}"}


class _TryAgain(Exception):
    """An attempt failed in a way that another may not."""

    def __init__(self, reason: AssayError, retry_after: float | None) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.retry_after = retry_after
