import asyncio
import socket
import threading

import pytest

from app.worker.frames import Frames, Kind, pack, read


def test_frames_cross_a_socket_whole():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frames = Frames(theirs)
        for payload in (b"", b"x" * 50_000, b"short again"):
            ours.sendall(pack(Kind.BATCH, payload))
            assert frames.receive() == (Kind.BATCH, payload)


def test_a_frame_larger_than_the_buffer_is_received():
    ours, theirs = socket.socketpair()
    payload = bytes(range(256)) * (1 << 13)
    with ours, theirs:
        writer = threading.Thread(target=ours.sendall, args=(pack(Kind.BATCH, payload),))
        writer.start()
        assert Frames(theirs).receive() == (Kind.BATCH, payload)
        writer.join()


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
        assert Frames(theirs).receive() is None
