"""Frames on the socket between a worker's parent and its child: a length, a kind, a payload."""

import asyncio
import socket
import struct
from enum import IntEnum
from typing import NamedTuple

_HEADER = struct.Struct("!IB")


class Kind(IntEnum):
    """What a frame is."""

    BATCH = 1
    """To the child: a WorkBatch."""
    SCORES = 2
    """From the child: a list of ItemScores, more to come."""
    LAST_SCORES = 3
    """From the child: the micro-batch's last ItemScores."""


class Frame(NamedTuple):
    kind: Kind
    payload: bytes


def pack(kind: Kind, payload: bytes) -> bytes:
    return _HEADER.pack(len(payload), kind) + payload


def receive(sock: socket.socket) -> Frame | None:
    """The next frame of a blocking socket; None at its end."""
    header = _receive_exactly(sock, _HEADER.size)
    if header is None:
        return None
    size, kind = _HEADER.unpack(header)
    payload = _receive_exactly(sock, size)
    return None if payload is None else Frame(Kind(kind), payload)


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame of a stream; None at its end."""
    try:
        size, kind = _HEADER.unpack(await reader.readexactly(_HEADER.size))
        return Frame(Kind(kind), await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _receive_exactly(sock: socket.socket, size: int) -> bytes | None:
    buffer = bytearray(size)
    view = memoryview(buffer)
    done = 0
    while done < size:
        try:
            got = sock.recv_into(view[done:])
        except ConnectionError:
            return None
        if not got:
            return None
        done += got
    return bytes(buffer)
