"""Bodies of requests and responses: bounded, JSON or msgpack, plain or gzip."""

import zlib
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from app.api.errors import Problem, invalid, malformed, too_large

_GZIP_WINDOW = zlib.MAX_WBITS | 16
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


async def parse(request: Request, model: type[M], max_bytes: int) -> M:
    """Read and check a body. Raises Problem: 400, 413, 415 or 422."""
    media = _media(request.headers.get("content-type", Media.JSON))
    if media not in (Media.JSON, Media.MSGPACK):
        supported = f"{Media.JSON} or {Media.MSGPACK}"
        raise Problem(415, "unsupported-media-type", "Unknown media type", f"send {supported}")
    body = await _read(request, max_bytes)
    try:
        if media is Media.JSON:
            return model.model_validate_json(body)
        return model.model_validate(_unpack(body))
    except ValidationError as error:
        raise invalid(error) from None


def accepted(request: Request) -> Media:
    """What the client wants back: what it accepts, else what it sent."""
    for part in request.headers.get("accept", "").split(","):
        media = _media(part)
        if media is not None:
            return media
    return _media(request.headers.get("content-type", "")) or Media.JSON


def respond(content: Any, media: Media) -> Response:
    """Encode plain data or msgspec structs."""
    encode = msgspec.msgpack.encode if media is Media.MSGPACK else msgspec.json.encode
    return Response(encode(content), media_type=media if media is Media.MSGPACK else Media.JSON)


def _media(header: str) -> Media | None:
    return _ALIASES.get(header.partition(";")[0].strip().lower())


async def _read(request: Request, max_bytes: int) -> bytearray:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large(max_bytes)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        chunks = request.stream()
    elif encoding == "gzip":
        chunks = _inflate(request.stream(), max_bytes)
    else:
        raise Problem(415, "unsupported-media-type", "Unknown content encoding", "send gzip or none")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    return body


async def _inflate(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """Decompress without ever holding more than the limit, however small the bomb."""
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    total = 0
    try:
        async for chunk in chunks:
            while chunk:
                plain = inflater.decompress(chunk, max_bytes - total + 1)
                total += len(plain)
                yield plain
                if total > max_bytes:
                    return
                chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise malformed(f"gzip: {error}") from None
    if not inflater.eof:
        raise malformed("gzip: the stream ends early")


def _unpack(body: bytearray) -> Any:
    try:
        return msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise malformed(f"msgpack: {error}") from None
