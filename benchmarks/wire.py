"""A client that costs little: ready bodies over kept connections, so that it is the service that is measured."""

import asyncio
from types import TracebackType
from urllib.parse import urlsplit

import msgspec

_LIMIT = 1 << 20


class Answered(msgspec.Struct):
    """What a benchmark looks at of a response; the rest is skipped unread."""

    results: list[msgspec.Raw]
    usage: dict[str, float]


decode = msgspec.json.Decoder(Answered).decode


class Wire:
    """One connection to an HTTP/1.1 server; one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80

    async def __aenter__(self) -> "Wire":
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=_LIMIT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Status and body of the answer, whose length must be declared."""
        lines = [f"POST {path} HTTP/1.1", f"host: {self._host}", "content-type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode())
        self._writer.write(body)
        await self._writer.drain()
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return status, await self._reader.readexactly(length)
