"""Structured logs: one JSON object a line on standard error."""

import json
import logging
import sys
from typing import Any

import msgspec
import structlog


class _Written:
    """The lowest level that this process writes."""

    level = logging.NOTSET


def configure(level: str, *, process: str) -> None:
    """Set up logging for this process; `process` names its part: api, worker, child."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown log level '{level}': use debug, info, warning or error")
    _Written.level = number
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def debugs() -> bool:
    """Whether lines of level `debug` are written: to find out costs less than a line that is not."""
    return _Written.level <= logging.DEBUG


def _encode(event: dict[str, Any], **_: object) -> bytes:
    try:
        return msgspec.json.encode(event, enc_hook=repr)
    except (TypeError, ValueError, RecursionError):  # A lone surrogate of a hostile text, a key that is no string.
        return json.dumps(event, default=repr, skipkeys=True).encode()
