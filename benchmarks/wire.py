"""A client that costs little: ready bodies over kept connections, so that it is the service that is measured."""

import asyncio
from types import TracebackType
from urllib.parse import urlsplit

import msgspec

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Answered(msgspec.Struct):
    """What a benchmark looks at of a response; the rest is skipped unread."""

    results: list[msgspec.Raw]
    usage: dict[str, float]


decode = msgspec.json.Decoder(Answered).decode


class _Answer(asyncio.Protocol):
    """Collects an answer whose length is declared."""

    def __init__(self) -> None:
        self.whole: asyncio.Future[tuple[int, bytes]] | None = None
        self._data = bytearray()
        self._status = 0
        self._body_at = 0
        self._end = 0

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._end:
            self._read_head()
        if self._end and len(self._data) >= self._end and self.whole is not None:
            body = bytes(memoryview(self._data)[self._body_at : self._end])
            self._data, self._end = bytearray(), 0
            self.whole.set_result((self._status, body))

    def _read_head(self) -> None:
        at = self._data.find(_END_OF_HEAD)
        if at < 0:
            return
        head = bytes(self._data[:at]).lower()
        self._status = int(head[9:12])
        self._body_at = at + len(_END_OF_HEAD)
        self._end = self._body_at + int(head.partition(_LENGTH)[2].split(b"\r\n", 1)[0])

    def connection_lost(self, exc: Exception | None) -> None:
        if self.whole is not None and not self.whole.done():
            self.whole.set_exception(ConnectionError(f"the connection was lost: {exc or 'closed by the server'}"))


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
        head = [f"POST {path} HTTP/1.1", f"host: {self._host}", "content-type: application/json"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._answer.whole = self._loop.create_future()
        self._transport.writelines(["\r\n".join([*head, f"content-length: {len(body)}", "", ""]).encode(), body])
        return await self._answer.whole
