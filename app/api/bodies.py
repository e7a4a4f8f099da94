"""Bodies of requests and responses: bounded, JSON or msgpack, plain or gzip."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.types import Scope

from app.api.disconnect import ClientGone, caller_of
from app.api.errors import Problem, invalid, malformed, too_large

_GZIP_WINDOW = zlib.MAX_WBITS | 16
_HEADERS = "headers_by_name"
_HEADERS_KEPT = 64
_INFLATED_AT_ONCE = 1 << 20
_LARGE_BYTES = 1 << 17
"""Of a larger body most has not come with its head."""
_TAKEN_AT_ITS_WORD = 1 << 26
"""A body that says that it is larger counts by what has come of it."""
M = TypeVar("M", bound=BaseModel)


class Media(StrEnum):
    """Media types of requests and responses."""

    JSON = "application/json"
    MSGPACK = "application/msgpack"
    NDJSON = "application/x-ndjson"


_ALIASES = {
    "application/json": Media.JSON,
    "text/json": Media.JSON,
    "application/msgpack": Media.MSGPACK,
    "application/x-msgpack": Media.MSGPACK,
    "application/vnd.msgpack": Media.MSGPACK,
    "application/x-ndjson": Media.NDJSON,
    "application/ndjson": Media.NDJSON,
}


_TYPES = {media: (b"content-type", media.value.encode()) for media in Media}


async def parse(request: Request, model: type[M], max_bytes: int) -> M:
    """Read and check a body. Raises Problem: 400, 408, 413, 415 or 422."""
    media = sent(request, (Media.JSON, Media.MSGPACK))
    body = await read(request, max_bytes)
    try:
        if media is Media.JSON:
            return model.model_validate_json(body)
        return model.model_validate(_unpack(body))
    except ValidationError as error:
        raise invalid(error) from None


def sent(request: Request, allowed: tuple[Media, ...]) -> Media:
    """What the client sends; JSON where it does not say. Raises Problem: 415."""
    media = _media(header_of(request, b"content-type", Media.JSON))
    if media is None or media not in allowed:
        supported = " or ".join(allowed)
        raise Problem(415, "unsupported-media-type", "Unknown media type", f"send {supported}")
    return media


def accepted(request: Request) -> Media:
    """What the client wants back: what it accepts, else what it sent."""
    accept = header_of(request, b"accept")
    for part in accept.split(",") if accept else ():
        media = _media(part)
        if media is not None:
            return media
    return _media(header_of(request, b"content-type")) or Media.JSON


def header_of(request: Request, name: bytes, otherwise: str = "") -> str:
    """A header by its name in lower case; the first where there are several."""
    found = headers_of(request.scope).get(name)
    return otherwise if found is None else found.decode("latin-1")


def may_reuse(request: Request) -> bool:
    """Whether equal items may share their scores, and have earlier ones."""
    return "no-store" not in header_of(request, b"cache-control")


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """All headers by their names in lower case; the first where there are several of a name.

    The framework goes through all headers at each look, and a small request is looked at six times.
    """
    state = scope.setdefault("state", {})
    headers: dict[bytes, bytes] | None = state.get(_HEADERS)
    if headers is None:
        headers = state[_HEADERS] = dict(reversed(scope["headers"]))
    return headers


def state_with(headers: dict[bytes, bytes]) -> dict[str, Any]:
    """State of a request whose headers are known by their names."""
    return {_HEADERS: headers}


def encoder(media: Media) -> Callable[[Any], bytes]:
    return msgspec.msgpack.encode if media is Media.MSGPACK else msgspec.json.encode


def respond(content: Any, media: Media) -> Response:
    """Encode plain data or msgspec structs."""
    return _Encoded(encoder(media)(content), Media.MSGPACK if media is Media.MSGPACK else Media.JSON)


class _Encoded(Response):
    """A response with nothing left to find out."""

    def __init__(self, body: bytes, media: Media) -> None:
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [(b"content-length", b"%d" % len(body)), _TYPES[media]]


@lru_cache(_HEADERS_KEPT)
def _media(header: str) -> Media | None:
    return _ALIASES.get(header.partition(";")[0].strip().lower())


async def read(request: Request, max_bytes: int) -> bytes | bytearray:
    """The whole body, decompressed. Raises Problem: 400, 408, 413 or 415."""
    inbound = request.app.state.assay.inbound
    caller = caller_of(request.scope)
    if caller is not None and not _is_gzip(request, max_bytes):
        if caller.body_here:
            whole, _ = await _next(request)
            if len(whole) > max_bytes:  # in chunks, without a length of its own
                raise too_large(max_bytes)
            inbound.take(request.scope, len(whole))
            return whole
        declared = _declared(request)
        if _LARGE_BYTES < declared <= _TAKEN_AT_ITS_WORD:
            inbound.take(request.scope, declared)
            stall_s = stall_of(request)
            try:
                filled = await caller.fill(request.scope, declared, stall_s)
            except TimeoutError:
                raise _stalled(stall_s) from None
            if filled is not None:
                return filled
            inbound.release(request.scope)
    body = bytearray()
    async for chunk in stream(request, max_bytes):
        inbound.take(request.scope, len(chunk))
        body += chunk
    return body


async def stream(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes, decompressed. Raises Problem: 400, 408, 413 or 415; ClientGone."""
    gzip = _is_gzip(request, max_bytes)
    chunks = _received(request)
    total = 0
    async for chunk in _inflate(chunks) if gzip else chunks:
        total += len(chunk)
        if total > max_bytes:
            raise too_large(max_bytes)
        yield chunk


def _is_gzip(request: Request, max_bytes: int) -> bool:
    """How the body is encoded. Raises Problem where it is too large by its own word, or encoded in another way."""
    if _declared(request) > max_bytes:
        raise too_large(max_bytes)
    encoding = header_of(request, b"content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Problem(415, "unsupported-media-type", "Unknown content encoding", "send gzip or none")
    return encoding == "gzip"


def _declared(request: Request) -> int:
    """The body's length by its own word; 0 where it has none."""
    declared = header_of(request, b"content-length")
    return int(declared) if declared.isdecimal() else 0


def _stalled(stall_s: float) -> Problem:
    return Problem(408, "stalled", "The body stalled", f"nothing came for {stall_s:g} s")


def stall_of(request: Request) -> float:
    """How long this service waits for a client that neither sends nor reads, in seconds."""
    return request.app.state.assay.settings.stall_s


async def _received(request: Request) -> AsyncIterator[bytes]:
    """Chunks of the body; a client that stalls in the middle of it is not waited for."""
    stall_s = stall_of(request)
    more = True
    while more:
        try:
            async with asyncio.timeout(stall_s):
                chunk, more = await _next(request)
        except TimeoutError:
            raise _stalled(stall_s) from None
        yield chunk


async def _next(request: Request) -> tuple[bytes, bool]:
    """A part of the body, and whether another follows. Raises ClientGone."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


async def _inflate(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Decompress piece by piece: however small the bomb, little of it is ever in memory."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        async for chunk in chunks:
            while chunk and not inflater.eof:
                yield inflater.decompress(chunk, _INFLATED_AT_ONCE)
                chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise malformed(f"gzip: {error}") from None
    if not inflater.eof:
        raise malformed("gzip: the stream ends early")


def _unpack(body: bytes | bytearray) -> Any:
    try:
        return msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise malformed(f"msgpack: {error}") from None
