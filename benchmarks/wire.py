"""A client that costs little: ready bodies over kept connections, so that it is the service that is measured."""

import asyncio
import re
from functools import lru_cache
from types import TracebackType
from urllib.parse import urlsplit

import msgspec

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Answered(msgspec.Struct):
    """What a benchmark looks at of a response; the rest is skipped unread."""

    results: list[msgspec.Raw]
    usage: dict[str, float]


decode = msgspec.json.Decoder(Answered).decode


class _Answer(asyncio.Protocol):
    """Collects an answer whose length is declared."""

    def __init__(self) -> None:
        self.whole: asyncio.Future[tuple[int, bytes]] | None = None
        self._held = bytearray()
        """What has come of an answer that is not whole."""
        self._body_at = 0
        self._end = 0

    def data_received(self, data: bytes | bytearray) -> None:
        if self._held:
            self._held += data
            data = self._held
        if not self._end:
            self._body_at = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
            length = _LENGTH.search(data, 0, self._body_at)
            self._end = self._body_at + int(length[1]) if length is not None else 0
        if self._end and len(data) >= self._end and self.whole is not None:
            status, body = int(data[9:12]), bytes(data[self._body_at : self._end])
            self._held, self._end = bytearray(), 0
            self.whole.set_result((status, body))
        elif data is not self._held:
            self._held = bytearray(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.whole is not None and not self.whole.done():
            self.whole.set_exception(ConnectionError(f"the connection was lost: {exc or 'closed by the server'}"))


@lru_cache
def _head(host: str, path: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The head of a request up to its body's length: a client sends the same one again and again."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", "content-type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "content-length: "]).encode()


class Wire:
    """One connection to an HTTP/1.1 server; one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80

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
        self._transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        return await self._answer.whole
