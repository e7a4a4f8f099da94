"""A slot's child does other work than micro-batches too, and what it dies of costs that work alone."""

import asyncio
import os
import time

import msgspec
import pytest

from app.worker.forking import fork_server
from app.worker.frames import pack_call
from app.worker.progress import Progress
from app.worker.slot import Budget, Slot


def double(work: msgspec.Raw, progress: Progress) -> bytes:
    data = msgspec.msgpack.decode(work, type=bytes)
    progress.begin(0, 0, time.monotonic_ns())
    if data == b"die":
        os._exit(1)
    while data == b"hang":
        pass
    return data * 2


@pytest.mark.parametrize("deadly", [b"die", b"hang"])
async def test_a_call_that_kills_its_child_has_no_result(deadly: bytes):
    slot = Slot(fork_server(), Budget(0.3, 0.6, None, 1000), "critical")
    function = f"{__name__}:double"
    try:
        assert await slot.call(pack_call(function, b"ab"), 1) == b"abab"
        watching = _watched(slot)
        assert await slot.call(pack_call(function, deadly), 1) is None
        watching.cancel()
        assert await slot.call(pack_call(function, b"x" * 100_000), 1) == b"x" * 200_000
        assert slot.restarts == 1
    finally:
        await slot.close()


def _watched(slot: Slot) -> asyncio.Task[None]:
    async def watch() -> None:
        while True:
            slot.watch()
            await asyncio.sleep(0.02)

    return asyncio.create_task(watch())


def cores(work: msgspec.Raw, progress: Progress) -> bytes:
    return str(sorted(os.sched_getaffinity(0))).encode()


async def test_a_pinned_child_stays_on_its_core():
    core = max(os.sched_getaffinity(0))
    slot = Slot(fork_server(), Budget(5.0, 5.0, None, 1000), "critical", core)
    try:
        assert await slot.call(pack_call(f"{__name__}:cores", b""), 1) == f"[{core}]".encode()
    finally:
        await slot.close()
