"""Heads of requests that were read before: the same bytes say the same again.

A client sends the same head with each request, but for the length of the body. Reading it once more would take as long
as all else that is done for a request of one item until it is in the queue.
"""

from typing import Any, NamedTuple

from fastapi import Request
from starlette.types import Scope

from app.api.bodies import Media, accepted, headers_of, may_reuse, sent, state_with

_LENGTH = b"ength: "
"""How the name of the header ends that may differ, whatever case it begins in."""
_WHOLE_NAME = b"\r\ncontent-length: "
_END = b"\r\n\r\n"
_LONGEST = 4096
_DIGITS = 5
_OF_A_REQUEST = frozenset({"client", "server", "state"})
_KEPT = 1024
"""Heads that are remembered: of some clients no two are the same."""


class Head(NamedTuple):
    """What a head says that the short way takes."""

    scope: dict[str, Any]
    """As the server makes it of a head, without what differs between requests."""
    headers: dict[bytes, bytes]
    """By their names."""
    sent: Media
    wanted: Media
    reuse: bool
    """Scores of equal items may be shared."""
    keep_alive: bool

    @classmethod
    def of(cls, scope: Scope, keep_alive: bool) -> "Head":
        """Raises Problem where the body is nothing that the short way takes."""
        request = Request(scope)
        return cls(
            {name: value for name, value in scope.items() if name not in _OF_A_REQUEST},
            headers_of(scope),
            sent(request, (Media.JSON, Media.MSGPACK)),
            accepted(request),
            may_reuse(request),
            keep_alive,
        )

    def scope_of(self, client: tuple[str, int] | None, server: tuple[str, int | None] | None) -> dict[str, Any]:
        """The scope of another request with this head, on a connection between these two."""
        return {**self.scope, "client": client, "server": server, "state": state_with(self.headers)}


class Heads:
    """Of one API process."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def find(self, data: bytes) -> tuple[Head, int, int] | None:
        """What the head says that data begins with, where the body begins and how long it is by its own word.

        None where no such head was kept.
        """
        at, end, body_at = _cut(data)
        head = self._known.get(data[:at] + data[end:body_at])
        return (head, body_at, int(data[at:end])) if head is not None and is_length(data[at:end]) else None

    def keep(self, data: bytes, head: Head) -> None:
        """Remember what a server has made of the head that data begins with."""
        at, end, body_at = _cut(data)
        if not data[:at].lower().endswith(_WHOLE_NAME) or not is_length(data[at:end]) or body_at > _LONGEST:
            return  # Another header's number would be taken out, or there is more to this one.
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[data[:at] + data[end:body_at]] = head


def _cut(data: bytes) -> tuple[int, int, int]:
    """Where the length of the body begins and ends, and where the body begins.

    It is what follows the first name that ends as its name does, up to the end of the line: in heads that are the same
    but for it, that is in the same place.
    """
    at = data.find(_LENGTH, 0, _LONGEST) + len(_LENGTH)
    end = data.find(b"\r", at)
    return at, end, data.find(_END, end) + len(_END)


def is_length(value: bytes) -> bool:
    """Whether a header's value is the length of a body that the short way may take."""
    return value.isdigit() and len(value) <= _DIGITS
