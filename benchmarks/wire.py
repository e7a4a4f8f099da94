"""A client that costs little: ready bodies over kept connections, so that it is the service that is measured."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import cycle
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

import msgspec

_OK = 200
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Answered(msgspec.Struct):
    """What a benchmark looks at of a response; the rest is skipped unread."""

    results: list[msgspec.Raw]
    usage: dict[str, float]


decode = msgspec.json.Decoder(Answered).decode


class _Answers(asyncio.Protocol):
    """Collects answers whose length is declared, one after the other."""

    def __init__(self) -> None:
        self._held = bytearray()
        """What has come of an answer that is not whole."""
        self._body_at = 0
        self._end = 0

    def answered(self, status: int, body: bytes) -> None:
        """An answer is whole."""
        raise NotImplementedError

    def data_received(self, data: bytes | bytearray) -> None:
        if self._held:
            self._held += data
            data = self._held
        if not self._end:
            self._body_at = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
            length = _LENGTH.search(data, 0, self._body_at)
            self._end = self._body_at + int(length[1]) if length is not None else 0
        if self._end and len(data) >= self._end:
            status, body = int(data[9:12]), bytes(data[self._body_at : self._end])
            self._held, self._end = bytearray(), 0
            self.answered(status, body)
        elif data is not self._held:
            self._held = bytearray(data)


class _Answer(_Answers):
    """Hands each answer to who waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.whole: asyncio.Future[tuple[int, bytes]] | None = None

    def answered(self, status: int, body: bytes) -> None:
        if self.whole is not None:
            self.whole.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.whole is not None and not self.whole.done():
            self.whole.set_exception(ConnectionError(f"the connection was lost: {exc or 'closed by the server'}"))


@lru_cache
def _head(host: str, path: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The head of a request up to its body's length: a client sends the same one again and again."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", "content-type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "content-length: "]).encode()


class _Again(_Answers):
    """Sends the next of some requests as soon as the last one is answered, for so many seconds."""

    def __init__(self, requests: Iterator[bytes], until: float, over: asyncio.Future[None]) -> None:
        super().__init__()
        self._requests = requests
        self._until = until
        self._over = over
        self.done = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._requests))

    def answered(self, status: int, body: bytes) -> None:
        self.done += 1
        if status != _OK:
            self._finish(RuntimeError(f"{status}: {body[:200]!r}"))
        elif time.perf_counter() >= self._until:
            self._finish(None)
        else:
            self._transport.write(next(self._requests))

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(ConnectionError(f"the connection was lost: {exc or 'closed by the server'}"))

    def _finish(self, error: Exception | None) -> None:
        self._transport.close()
        if not self._over.done():
            self._over.set_exception(error) if error is not None else self._over.set_result(None)


async def flood(url: str, path: str, bodies: Sequence[bytes], connections: int, seconds: float, **headers: str) -> int:
    """Keep one request under way on each connection; how many were answered.

    Raises RuntimeError where one is refused, ConnectionError.
    """
    host, port = _place(url)
    head = _head(host, path, tuple(headers.items()))
    ready = cycle([_sized(head, body) + body for body in bodies])
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    ends = [loop.create_future() for _ in range(connections)]
    made = [await loop.create_connection(lambda end=end: _Again(ready, until, end), host, port) for end in ends]
    await asyncio.gather(*ends)
    return sum(again.done for _, again in made)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def _sized(head: bytes, body: bytes) -> bytes:
    """A head with the length of its body, which is sent from where it is: a large one is not copied."""
    return b"%b%d\r\n\r\n" % (head, len(body))


class Wire:
    """One connection to an HTTP/1.1 server; one request at a time."""

    def __init__(self, url: str) -> None:
        self._host, self._port = _place(url)

    async def __aenter__(self) -> "Wire":
        self._loop = asyncio.get_running_loop()
        self._transport, self._answer = await self._loop.create_connection(_Answer, self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    async def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Status and body of the answer, whose length must be declared. Raises ConnectionError."""
        self._answer.whole = self._loop.create_future()
        head = _head(self._host, path, tuple(headers.items()))
        self._transport.writelines((_sized(head, body), body))
        return await self._answer.whole
