"""Frames on the socket between a worker's parent and its child: a length, a kind, a payload."""

import asyncio
import socket
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple, cast

import msgspec

_HEADER = struct.Struct("!IB")
_FIRST_BUFFER = 1 << 20
"""Of a child; a micro-batch is about half as large."""


class Kind(IntEnum):
    """What a frame is."""

    BATCH = 1
    """To the child: a WorkBatch."""
    SCORES = 2
    """From the child: a list of ItemScores, more to come."""
    LAST_SCORES = 3
    """From the child: the micro-batch's last ItemScores."""
    CALL = 4
    """To the child: a Call."""
    RESULT = 5
    """From the child: what the called function gave."""
    FILE = 6
    """To the child: where a WorkBatch is, a spool.Filed."""
    GONE = 7
    """From the child: it is not there."""


class Call(msgspec.Struct, array_like=True, frozen=True):
    """Other work than a micro-batch, of whoever has children of his own."""

    function: str
    """`package.module:name` of a `(Raw, Progress) -> bytes`, which notes in the progress what it begins."""
    work: Any
    """What it takes; encoded once, with its frame, for it may be a MB."""


class Frame(NamedTuple):
    kind: Kind
    payload: bytes


class ReceivedCall(msgspec.Struct, array_like=True, frozen=True):
    """The same as the child decodes it."""

    function: str
    work: msgspec.Raw


def pack(kind: Kind, payload: bytes) -> bytes:
    return _HEADER.pack(len(payload), kind) + payload


def pack_call(function: str, work: Any) -> bytearray:
    """The frame of a Call."""
    frame = bytearray(_HEADER.size)
    _encode_into(Call(function, work), frame, _HEADER.size)
    _HEADER.pack_into(frame, 0, len(frame) - _HEADER.size, Kind.CALL)
    return frame


OnScores = Callable[[bytes, bool], None]
"""Called with encoded ItemScores that a child sent, and whether they are its last."""


def _unasked(_: bytes, last: bool) -> None:
    """What sends no scores."""


_encode_into = msgspec.msgpack.Encoder().encode_into


class Pipe(asyncio.Protocol):
    """The parent's end, which asks for one thing at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._closed = False
        self._answer: asyncio.Future[Frame | None] | None = None
        self._on_scores: OnScores = _unasked
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, frame: bytes | memoryview, on_scores: OnScores = _unasked) -> asyncio.Future[Frame | None]:
        """Send a frame. The one that ends the answer, None where the other end closed before. Scores are given as
        they arrive: the last too, for who waits for the end comes a turn of the loop later.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._on_scores = on_scores
        if self._closed or self._transport is None:
            self._answer.set_result(None)
        else:
            self._transport.write(frame)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _HEADER.size:
            size, kind = _HEADER.unpack_from(buffer)
            end = _HEADER.size + size
            if len(buffer) < end:
                return
            with memoryview(buffer) as view:
                frame = Frame(Kind(kind), bytes(view[_HEADER.size : end]))
            del buffer[:end]
            if frame.kind is not Kind.SCORES:
                self._end(frame)
            if frame.kind in (Kind.SCORES, Kind.LAST_SCORES):
                self._on_scores(frame.payload, frame.kind is Kind.LAST_SCORES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._end(None)

    def _end(self, frame: Frame | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(frame)


class Frames:
    """The child's end: frames of a blocking socket, into one buffer that is used again and again."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._header = bytearray(_HEADER.size)
        self._buffer = bytearray(_FIRST_BUFFER)

    def receive(self) -> tuple[Kind, memoryview] | None:
        """The next frame, its payload good until the next call; None at the socket's end."""
        if not self._fill(memoryview(self._header)):
            return None
        size, kind = _HEADER.unpack(self._header)
        payload = self.room(size)
        return (Kind(kind), payload) if self._fill(payload) else None

    def room(self, size: int) -> memoryview:
        """So many bytes of the buffer, good until the next call."""
        if size > len(self._buffer):
            self._buffer = bytearray(size)
        return memoryview(self._buffer)[:size]

    def _fill(self, view: memoryview) -> bool:
        done = 0
        while done < len(view):
            try:
                got = self._sock.recv_into(view[done:])
            except ConnectionError:
                return False
            if not got:
                return False
            done += got
        return True
