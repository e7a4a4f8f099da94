"""Why the queue's server can't be used, in one word and one sentence."""

from enum import StrEnum

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)


class Reason(StrEnum):
    """What is the matter; a client may treat all the same, an operator does not."""

    AWAY = "away"
    """Nobody answers at its address."""
    SLOW = "slow"
    """It takes commands and does not answer: paused, swapping, or behind a network that drops."""
    FULL = "full"
    """Its memory is at `maxmemory`."""
    LOADING = "loading"
    """It has started and is reading its data."""
    READ_ONLY = "read-only"
    """It is a replica, or can't write to its disk."""
    REFUSED = "refused"
    """It does not accept the credentials."""
    LOST = "lost"
    """It came back without work that it had been given."""
    ERROR = "error"
    """It does not do what it was asked."""


class QueueUnavailable(Exception):
    """The queue's server is away, refuses, or is full. The message says which."""

    def __init__(self, message: str, reason: Reason = Reason.AWAY) -> None:
        super().__init__(message)
        self.reason = reason


_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (BusyLoadingError, Reason.LOADING),
    (AuthenticationError, Reason.REFUSED),
    (NoPermissionError, Reason.REFUSED),
    (OutOfMemoryError, Reason.FULL),
    (ReadOnlyError, Reason.READ_ONLY),
    (TimeoutError, Reason.SLOW),
)
_BY_PREFIX = {"MISCONF": Reason.READ_ONLY, "OOM": Reason.FULL, "NOAUTH": Reason.REFUSED, "WRONGPASS": Reason.REFUSED}
"""Errors that the client library knows by no class of their own, or that a script passes on."""


def reason_of(error: Exception) -> Reason:
    """What an error of the client library says of the server."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    word = str(error).partition(" ")[0]
    if word in _BY_PREFIX:
        return _BY_PREFIX[word]
    if "-OOM" in str(error) or "OOM command not allowed" in str(error):
        return Reason.FULL
    is_reply = isinstance(error, RedisError) and type(error).__name__.endswith("ResponseError")
    return Reason.ERROR if is_reply else Reason.AWAY


def outage(error: Exception) -> QueueUnavailable:
    return QueueUnavailable(f"{type(error).__name__}: {error}", reason_of(error))


class _UnavailableAsError:
    """A class, for it is entered for every command: a generator takes ten times as long."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (RedisError, OSError)):
            raise outage(error) from error


unavailable_as_error = _UnavailableAsError()
"""Turns the client library's errors into QueueUnavailable."""
