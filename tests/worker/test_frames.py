import asyncio
import socket

import pytest

from app.worker.frames import Frame, Kind, pack, read, receive


def test_frames_cross_a_socket_whole():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        payload = b"x" * 50_000
        ours.sendall(pack(Kind.BATCH, b"") + pack(Kind.SCORES, payload))
        assert receive(theirs) == Frame(Kind.BATCH, b"")
        assert receive(theirs) == Frame(Kind.SCORES, payload)


@pytest.mark.parametrize("sent", [b"", b"\0\0", pack(Kind.SCORES, b"cut off")[:-1]])
async def test_a_stream_that_ends_early_ends_without_a_frame(sent: bytes):
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=theirs)
    with ours:
        ours.sendall(sent)
    assert await read(reader) is None
    writer.close()
    await writer.wait_closed()


def test_a_closed_socket_ends_without_a_frame():
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        assert receive(theirs) is None
