"""Messages between the host and a jail: a JSON header and any number of byte strings, over a stream socket.

    4 bytes big-endian   length of the header
    header               JSON object; `_sizes` lists the lengths of the byte strings
    byte strings         one after the other

Both ends bound what they read: a header by HEADER_BYTES, a message by MESSAGE_BYTES.
"""

import json
import select
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

HEADER_BYTES = 1 << 20
"""Headers hold limits and counts; whatever grows with the program goes in byte strings."""
MESSAGE_BYTES = 1 << 28
"""Above the largest input, output and compiled program that limits allow, together."""
MOST_DESCRIPTORS = 16
_LENGTH = struct.Struct("!I")


class WireError(Exception):
    """The other end closed, or sent what is not a message."""


class Message(NamedTuple):
    header: dict[str, Any]
    blobs: list[bytes]


def send(channel: socket.socket, header: dict[str, Any], *blobs: bytes) -> None:
    """Send one message. Raises OSError where the other end is gone."""
    head = json.dumps({**header, "_sizes": [len(blob) for blob in blobs]}).encode()
    channel.sendall(b"".join((_LENGTH.pack(len(head)), head, *blobs)))


class Descriptors(NamedTuple):
    """A message whose contents are files."""

    header: dict[str, Any]
    descriptors: list[int]


def framed(header: Mapping[str, Any]) -> bytes:
    """A header without byte strings, as it is sent."""
    head = json.dumps(header).encode()
    return _LENGTH.pack(len(head)) + head


def send_descriptors(channel: socket.socket, head: bytes, descriptors: Sequence[int]) -> None:
    """Send a header as `framed`, and descriptors. Raises OSError where the other end is gone."""
    data = memoryview(head)
    sent = socket.send_fds(channel, [data], list(descriptors)) if descriptors else channel.send(data)
    if sent < len(data):
        channel.sendall(data[sent:])


class Headers:
    """Reads messages that are headers alone, each with as few calls as there are to be made."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._read = b""
        self._poller = select.poll()
        self._poller.register(channel, select.POLLIN)
        self.seconds: float | None = None
        """How long to wait for a part of one; None: for ever."""

    def next(self) -> dict[str, Any]:
        """Raises WireError, OSError (time-out)."""
        while (end := self._end()) > len(self._read):
            # Who sleeps in `recv` is woken whenever the other end reads.
            if not self._poller.poll(None if self.seconds is None else self.seconds * 1000):
                raise TimeoutError("no message in time")
            part = self._channel.recv(1 << 16)
            if not part:
                raise WireError("the other end closed the channel")
            self._read += part
        head, self._read = self._read[_LENGTH.size : end], self._read[end:]
        return json.loads(head)

    def _end(self) -> int:
        if len(self._read) < _LENGTH.size:
            return _LENGTH.size
        (length,) = _LENGTH.unpack_from(self._read)
        if length > HEADER_BYTES:
            raise WireError(f"header of {length} bytes")
        return _LENGTH.size + length


def receive_descriptors(channel: socket.socket) -> Descriptors:
    """The next such message. Raises WireError, OSError."""
    first, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, MOST_DESCRIPTORS)
    first += _exactly(channel, _LENGTH.size - len(first)) if len(first) < _LENGTH.size else b""
    (length,) = _LENGTH.unpack(first)
    return Descriptors(header_of(channel, length), list(descriptors))


def header_of(channel: socket.socket, length: int, read: bytes = b"") -> dict[str, Any]:
    """A header of which a part may have been read. Raises WireError, OSError."""
    if length > HEADER_BYTES:
        raise WireError(f"header of {length} bytes")
    return json.loads(read or _exactly(channel, length))


def _exactly(channel: socket.socket, count: int) -> bytes:
    first = channel.recv(min(count, 1 << 20)) if count else b""
    if len(first) == count:
        return first
    parts = [first]
    missing = count - len(first)
    while missing:
        part = channel.recv(min(missing, 1 << 20)) if parts[-1] else b""
        if not part:
            raise WireError("the other end closed the channel")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def receive(channel: socket.socket) -> Message:
    """The next message. Raises WireError at the end of the stream or on what is not a message, OSError (time-out)."""
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    if length > HEADER_BYTES:
        raise WireError(f"header of {length} bytes")
    try:
        header = json.loads(_exactly(channel, length))
        sizes = [int(size) for size in header.pop("_sizes")]
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise WireError(f"not a message: {cause}") from cause
    if any(size < 0 for size in sizes) or sum(sizes) > MESSAGE_BYTES:
        raise WireError(f"message of {sum(sizes)} bytes")
    return Message(header, [_exactly(channel, size) for size in sizes])
