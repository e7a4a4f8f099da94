"""Requests to bytes and bytes to answers: msgpack where a codec is installed, else JSON; gzip where it pays."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

from assay_client._errors import ProtocolError, ServiceError, service_error

JSON = "application/json"
MSGPACK = "application/msgpack"
NDJSON = "application/x-ndjson"
_GZIP_BYTES = 64 * 1024
"""A smaller body is sent sooner than compressed."""
_GZIP_LEVEL = 1
"""Completions shrink to a third at level 1; higher levels cost several times the time for a tenth more."""
_MAX_DEPTH = 64
_SHOWN_CHARS = 1000


class Codec(NamedTuple):
    """How bodies are written and read."""

    media: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    """Raises ValueError."""


@lru_cache(maxsize=1)
def codec() -> Codec:
    """msgpack, if `msgspec` or `msgpack` is installed; else JSON, so that httpx is all that this package needs."""
    try:
        import msgspec
    except ImportError:
        pass
    else:
        return Codec(MSGPACK, _checked(msgspec.msgpack.encode), _checked(msgspec.msgpack.decode))
    try:
        import msgpack  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]
    except ImportError:
        return Codec(JSON, _json, json.loads)
    return Codec(MSGPACK, _checked(cast(Any, msgpack).packb), _checked(cast(Any, msgpack).unpackb))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _checked(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Codecs of msgpack have errors of their own for a lone surrogate, a foreign type, a broken body: make them one."""

    def checked(value: Any) -> Any:
        try:
            return convert(value)
        except Exception as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error

    return checked


def encoded(value: Mapping[str, Any]) -> bytes:
    """The body in the codec's form; what no JSON text can hold is made plain first. Raises TypeError."""
    encode = codec().encode
    try:
        return encode(value)
    except (TypeError, ValueError, RecursionError):
        return encode(plain(value))


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON can hold it: lone surrogates replaced, no NaN, arrays as lists. Raises TypeError."""
    if depth > _MAX_DEPTH:
        raise TypeError(f"nested more than {_MAX_DEPTH} deep")
    if value is None or isinstance(value, (bool, int)):
        return value if value is None or isinstance(value, bool) else int(value)
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {str(plain(key, depth + 1)): plain(entry, depth + 1) for key, entry in entries.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(entry, depth + 1) for entry in cast("Sequence[Any]", value)]
    if hasattr(value, "tolist"):  # numpy's and torch's arrays and scalars, which trainers' batches are made of
        return plain(value.tolist(), depth + 1)
    raise TypeError(f"a value of type {type(value).__name__} can't be sent")


def packed(body: bytes, compress: bool) -> tuple[bytes, dict[str, str]]:
    """The body as it is sent, with its headers."""
    headers = {"content-type": codec().media, "accept": codec().media}
    if compress and len(body) >= _GZIP_BYTES:
        import gzip

        headers["content-encoding"] = "gzip"
        return gzip.compress(body, _GZIP_LEVEL), headers
    return body, headers


def is_local(url: str) -> bool:
    """Whether bytes to this host are free, so that compressing them only costs."""
    host = url.partition("://")[2].partition("/")[0]
    return host.startswith(("127.", "localhost", "[::1]"))


def read(status: int, media: str, content: bytes) -> Any:
    """The answer's value. Raises ServiceError, ProtocolError."""
    if status >= 400:
        raise refused(status, media, content)
    try:
        return codec().decode(content) if media.startswith(MSGPACK) else json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{status} with a body of {media or 'no type'} that can't be read: {error}") from error


def refused(status: int, media: str, content: bytes) -> ServiceError:
    """The error that an answer of 4xx or 5xx stands for."""
    if media.startswith("application/problem+json"):
        try:
            return service_error(status, json.loads(content))
        except ValueError:
            pass
    return service_error(status, {"detail": content[:_SHOWN_CHARS].decode("utf-8", "replace")})
