"""Bodies that are in memory, of all requests of a process: where one may send much, many must not fill it."""

from starlette.types import Scope

from app.api.errors import Problem

_HELD = "inbound_bytes"


class Inbound:
    """A count with a bound; a request gives back what it held when it ends."""

    def __init__(self, most: int) -> None:
        self.held = 0
        self._most = most

    def take(self, scope: Scope, size: int) -> None:
        """Count bytes of a request's body. Raises Problem: 429."""
        if self.held + size > self._most:
            detail = f"{self.held >> 20} MiB of bodies are being read and scored, as much as may"
            raise Problem(429, "busy", "The service is busy", detail, headers={"Retry-After": "1"})
        self.held += size
        state = scope["state"]
        state[_HELD] = state.get(_HELD, 0) + size

    def release(self, scope: Scope) -> None:
        """The request is over."""
        self.held -= scope["state"].pop(_HELD, 0)
