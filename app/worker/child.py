"""The killable process: scores micro-batches, one after the other, and tells its parent what it is at."""

import ctypes
import gc
import os
import pkgutil
import resource
import signal
import socket
import time
from collections.abc import Callable
from functools import cache

import msgspec

from app.observe.logs import configure
from app.queue.codec import ItemScores, decode_batch, encode
from app.queue.spool import Filed, Gone
from app.worker.frames import Frames, Kind, ReceivedCall, pack
from app.worker.progress import Progress
from app.worker.scoring import bind, score_entries

_FLUSH_NS = 20_000_000
"""Finished scores wait no longer than this for their neighbours."""
_TOGETHER_NS = 5_000_000
"""Items are scored so many at a time as should take this long; the first of a micro-batch shows what they take."""
_PR_SET_PDEATHSIG = 1
_COLLECT = (20_000, 20, 20)
"""Scores have no cycles and die with their micro-batch: the usual 700 objects are a collection every few items."""


def main(sock: socket.socket, progress: Progress, memory_bytes: int | None, log_level: str) -> None:
    """Serve until the parent closes the socket."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # held by the fork server; programs would inherit that
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure(log_level, process="child")
    gc.set_threshold(*_COLLECT)
    batches = Frames(sock)
    while (frame := batches.receive()) is not None:
        kind, payload = frame
        if kind is Kind.CALL:
            call = _decode_call(payload)
            result = _function(call.function)(call.work, progress)
            progress.idle()
            sock.sendall(pack(Kind.RESULT, result))
            continue
        try:
            batch = Filed.from_bytes(bytes(payload)).read(batches.room) if kind is Kind.FILE else payload
        except Gone:
            sock.sendall(pack(Kind.GONE, b""))
        else:
            _score_batch(batch, sock, progress)
    os._exit(0)


_decode_call = msgspec.msgpack.Decoder(ReceivedCall).decode
_function: Callable[[str], Callable[[msgspec.Raw, Progress], bytes]] = cache(pkgutil.resolve_name)


def _score_batch(payload: memoryview, sock: socket.socket, progress: Progress) -> None:
    batch = decode_batch(payload)
    components = bind(batch.components)
    done: list[ItemScores] = []
    first, together = 0, 1
    flushed = time.monotonic_ns()
    while first < len(batch.entries):
        started = time.monotonic_ns()
        if done and started - flushed > _FLUSH_NS:
            sock.sendall(pack(Kind.SCORES, encode(done)))
            done.clear()
            flushed = started
        some = batch.entries[first : first + together]
        done += score_entries(components, some, first, progress, batch.evidence)
        first += together
        together = max(1, together * _TOGETHER_NS // max(1, time.monotonic_ns() - started))
    progress.idle()
    sock.sendall(pack(Kind.LAST_SCORES, encode(done)))
