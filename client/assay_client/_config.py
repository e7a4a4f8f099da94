"""How a client reaches the service; what of it is pickled travels to another process, connections do not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_DEADLINE_S = 30.0
TRAINING_DEADLINE_S = 600.0
"""Default of the adapters: a trainer would rather wait out a restart of the service than lose its step."""


@dataclass(frozen=True)
class Config:
    """Where the service is and how to speak to it."""

    urls: tuple[str, ...]
    api_key: str | None
    compress: bool | None
    """None compresses large bodies to other hosts."""
    in_flight: int
    """Requests to one node at once; more wait."""
    patience_s: float | None
    """How long a service that is away or overloaded is waited for; None waits until the call's deadline."""
    verify: bool | str
    """TLS: True, False, or the path of a bundle of certificates."""


def configure(
    url: str | Sequence[str] | None,
    api_key: str | None,
    compress: bool | None,
    in_flight: int,
    patience_s: float | None,
    verify: bool | str,
) -> Config:
    """Fill in what the environment says: ASSAY_URL (several, separated by commas) and ASSAY_API_KEY."""
    named = url if url is not None else os.environ.get("ASSAY_URL", DEFAULT_URL)
    urls = tuple(part.strip() for part in named.split(",")) if isinstance(named, str) else tuple(named)
    if not urls or not all(one.startswith(("http://", "https://")) for one in urls):
        raise ValueError(f"url: http:// or https:// expected, got {named!r}")
    if in_flight < 1:
        raise ValueError("in_flight: at least 1")
    return Config(urls, api_key or os.environ.get("ASSAY_API_KEY"), compress, in_flight, patience_s, verify)
