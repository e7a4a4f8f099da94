"""Messages whose contents are files in memory, passed by descriptor: between the host and a slot of the same machine.

A slot is what programs are forked from, and a forked process keeps its ancestors' memory. So contents never pass
through a slot: inputs are read by the process that they are for, outputs are written to files that the sender made
and reads itself. The slot sees headers alone.

A message is a header (wire.py's, with no byte strings) and descriptors: those for the outputs, then the inputs.
"""

import fcntl
import os
import socket
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.harness import wire

_TIME = struct.Struct("ll")
SHORT = 1 << 14
"""Most contents are shorter, and are read without a look at their size."""
ANSWERS = ("done", "files")
"""The replies that end a message with outputs."""


def _private(name: str) -> int:
    """A file in memory that no other user can open by way of /proc, which gVisor's kernel lets anyone look through."""
    fd = os.memfd_create(name)
    os.fchmod(fd, 0o600)
    return fd


def memory(content: bytes) -> int:
    """A file that holds a content, at its beginning."""
    if not content:
        return os.open("/dev/null", os.O_RDONLY)
    fd = _private("input")
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def output() -> int:
    """An empty file to which several writers add, never writing over each other."""
    fd = _private("output")
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
    return fd


def content(fd: int, limit: int = -1) -> bytes:
    """What a file in memory holds, at most its first `limit` bytes."""
    most = SHORT if limit < 0 else min(limit, SHORT)
    data = os.pread(fd, most, 0)
    if len(data) < most or most == limit:
        return data
    size = os.fstat(fd).st_size
    return os.pread(fd, size if limit < 0 else min(size, limit), 0)


@dataclass
class Known:
    """What the sender knows of a slot between two jobs."""

    up: bool = False
    """Whether it is ready for a job, and has said so."""
    keeps: bool = False
    """Whether it is so at once after a job that left nothing to clean, and /box stays as it was."""
    boxed: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """What was last put into its /box."""


class Direct:
    """The sender's end. Not thread-safe; several messages may be under way, answered in their order."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._headers = wire.Headers(channel)
        self._waiting: deque[list[tuple[int, int]]] = deque()
        self._last: tuple[dict[str, Any], bytes] = ({}, b"")
        """A header and what was sent for it: mostly the next is the same."""
        channel.setblocking(True)
        self.known = Known()

    @property
    def idle(self) -> bool:
        """Whether no message with outputs is under way."""
        return not self._waiting

    def wait_at_most(self, seconds: float | None) -> None:
        """From now on, for a message to come, or to be read at the other end."""
        if seconds != self._headers.seconds:
            # The kernel's own time-out: Python's takes a second call for each message.
            whole, part = divmod(seconds or 0.0, 1)
            self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIME.pack(int(whole), int(part * 1e6)))
            self._headers.seconds = seconds

    def send(self, header: dict[str, Any], inputs: Sequence[bytes] = (), take: Sequence[int] = ()) -> None:
        """Send a message. `take`: for each output that it makes, how many bytes are wanted. Raises OSError."""
        outputs: list[int] = []
        given: list[int] = []
        try:
            outputs.extend(output() for _ in take)
            given.extend(map(memory, inputs))
            if header != self._last[0]:
                self._last = header, wire.framed(header)
            wire.send_descriptors(self._channel, self._last[1], [*outputs, *given])
        except OSError:
            for fd in outputs:
                os.close(fd)
            raise
        finally:
            for fd in given:
                os.close(fd)
        if take:
            self._waiting.append(list(zip(outputs, take, strict=True)))

    def receive(self) -> wire.Message:
        """The next reply, with the outputs of its message. Raises OSError (time-out), WireError."""
        header = self._headers.next()
        if header["op"] not in ANSWERS:
            return wire.Message(header, [])
        return wire.Message(header, [_taken(fd, limit) for fd, limit in self._waiting.popleft()])

    def close(self) -> None:
        self._channel.close()
        while self._waiting:
            for fd, _ in self._waiting.popleft():
                os.close(fd)


def _taken(fd: int, limit: int) -> bytes:
    try:
        return content(fd, limit)
    finally:
        os.close(fd)


class Streamed:
    """The same over a stream that can't pass descriptors: a container's standard input and output."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._waiting = 0
        self.known = Known()

    @property
    def idle(self) -> bool:
        return not self._waiting

    def wait_at_most(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def send(self, header: dict[str, Any], inputs: Sequence[bytes] = (), take: Sequence[int] = ()) -> None:
        wire.send(self._channel, {**header, "_take": list(take)}, *inputs)
        self._waiting += bool(take)

    def receive(self) -> wire.Message:
        message = wire.receive(self._channel)
        self._waiting -= message.header["op"] in ANSWERS
        return message

    def close(self) -> None:
        self._channel.close()


Line = Direct | Streamed
UNANSWERED = ("files", "give")


def relay(stream: socket.socket, slot: socket.socket) -> None:
    """Between the two: serve a host's stream with a slot, until one of them is gone."""
    near, far = Streamed(stream), Direct(slot)
    try:
        near.send(far.receive().header)
        while True:
            message = near.receive()
            far.send(message.header, message.blobs, message.header.pop("_take", ()))
            if message.header["op"] not in UNANSWERED:
                reply = far.receive()
                near.send(reply.header, reply.blobs)
    except (wire.WireError, OSError):
        return
