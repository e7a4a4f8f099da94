"""Lets in who has a key, as much as the key may."""

from math import ceil

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.auth.keys import ApiKey, KeyRing
from app.api.auth.limits import Use
from app.api.errors import Problem
from app.observe.metrics import Metrics

_log = structlog.get_logger(__name__)
_OPEN = ("/health/live", "/health/ready")
_METRICS = "/metrics"
_NOBODY = "-"


class Gate:
    """Keys in use; they can be replaced while the service runs."""

    def __init__(self, ring: KeyRing, *, open_metrics: bool) -> None:
        self._ring = ring
        self._uses = {name: Use(key) for name, key in ring.keys.items()}
        self._open = (*_OPEN, _METRICS) if open_metrics else _OPEN

    def replace(self, ring: KeyRing) -> None:
        """Use other keys from now on; what runs goes on, and those that stay the same keep their counts."""
        old, self._ring = self._uses, ring
        self._uses = {
            name: old[name] if name in old and old[name].key == key else Use(key) for name, key in ring.keys.items()
        }

    def enter(self, scope: Scope) -> Use | None:
        """Let in who comes; None where no key is needed. Raises Problem: 401, 429."""
        use = self.find(scope)
        if use is not None:
            admit(use)
        return use

    def find(self, scope: Scope) -> Use | None:
        """Who comes; None where no key is needed. Raises Problem: 401."""
        if not len(self._ring) or scope["path"] in self._open:
            return None
        key = self._ring.find(_secret(scope))
        if key is None:
            raise Problem(
                401,
                "unauthorized",
                "An API key is needed",
                "send `Authorization: Bearer KEY` with a key that this service knows",
                headers={"WWW-Authenticate": "Bearer"},
            )
        scope.setdefault("state", {}).update(key=key, key_name=key.name)
        return self._uses[key.name]


def admit(use: Use) -> None:
    """Let one request more in. Raises Problem: 429."""
    key = use.key
    if use.busy:
        raise _slower("busy", f"key '{key.name}' has {use.running} requests running, as many as it may", 1)
    if (wait := use.wait_s()) > 0.0:
        raise _slower("rate", f"key '{key.name}' may send {key.requests_per_s:g} requests a second", wait)


class Gated:
    """ASGI middleware around all routes."""

    def __init__(self, app: ASGIApp, gate: Gate, metrics: Metrics) -> None:
        self._app = app
        self._gate = gate
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            use = self._gate.enter(scope)
        except Problem as problem:
            name = scope.get("state", {}).get("key_name", _NOBODY)
            self._metrics.by_key.labels(name, problem.kind).inc()
            return await problem.response(Request(scope))(scope, receive, send)
        if use is None:
            return await self._app(scope, receive, send)
        self._metrics.by_key.labels(use.key.name, "let in").inc()
        use.running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            use.running -= 1


def capped(scope: Scope, priority: str) -> str:
    """The priority that a request gets: what it asks for, unless its key may not."""
    key: ApiKey | None = scope["state"].get("key")
    return priority if key is None else key.capped(priority)


def owner_of(scope: Scope) -> str:
    """Name of the caller's API key; empty without keys."""
    return scope["state"].get("key_name", "")


def _secret(scope: Scope) -> str:
    """What the client sends as its key, empty if nothing."""
    found = ""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("utf-8", "surrogateescape")
        if name == b"x-api-key":
            found = value.strip().decode("utf-8", "surrogateescape")
    return found


def _slower(kind: str, detail: str, seconds: float) -> Problem:
    headers = {"Retry-After": str(max(1, ceil(seconds)))}
    return Problem(429, f"key-{kind}", "The key's limit is reached", detail, headers=headers)
