import asyncio
import socket
import threading

import pytest

from app.worker.frames import Frames, Kind, Pipe, pack


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


async def _pipe(sock: socket.socket) -> Pipe:
    _, pipe = await asyncio.get_running_loop().create_connection(Pipe, sock=sock)
    return pipe


@pytest.mark.parametrize("sent", [b"", b"\0\0", pack(Kind.LAST_SCORES, b"cut off")[:-1]])
async def test_an_answer_that_ends_early_is_none(sent: bytes):
    ours, theirs = socket.socketpair()
    pipe = await _pipe(theirs)
    with ours:
        answer = pipe.ask(b"?")
        ours.sendall(sent)
    assert await answer is None
    assert await pipe.ask(b"?") is None


async def test_an_answer_comes_whole_however_it_is_cut():
    ours, theirs = socket.socketpair()
    pipe = await _pipe(theirs)
    scores: list[tuple[bytes, bool]] = []
    sent = pack(Kind.SCORES, b"one") + pack(Kind.SCORES, b"") + pack(Kind.LAST_SCORES, b"x" * 50_000)
    with ours:
        for size in (1, 6, 4096, len(sent)):
            scores.clear()
            answer = pipe.ask(b"?", lambda *given: scores.append(given))
            for at in range(0, len(sent), size):
                ours.sendall(sent[at : at + size])
                await asyncio.sleep(0)
            assert await answer == (Kind.LAST_SCORES, b"x" * 50_000)
            assert scores == [(b"one", False), (b"", False), (b"x" * 50_000, True)]
    pipe.close()


def test_a_closed_socket_ends_without_a_frame():
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        assert Frames(theirs).receive() is None
