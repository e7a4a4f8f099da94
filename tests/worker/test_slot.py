"""A slot's child does other work than micro-batches too, and what it dies of costs that work alone."""

import asyncio
import multiprocessing
import os
import time
from pathlib import Path

import msgspec
import pytest

from app.queue.codec import ComponentWork, Entry, ItemScores, WorkBatch, WorkItem, decode_scores, encode
from app.queue.spool import Filed, Gone, Spool
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


def batch_of(*texts: str) -> bytes:
    works = [ComponentWork(0, "format", 1, {})]
    entries = [Entry(n, "r", WorkItem(text, "", {"kind": "none"}, None, {})) for n, text in enumerate(texts)]
    return encode(WorkBatch(works, True, entries))


def filed(folder: Path, payload: bytes) -> Filed:
    """A payload that stays when its writer is forgotten."""
    spool = Spool(folder / "spool")
    spool.open()
    found = spool.put("cpu", "online", payload)
    assert found is not None
    return found


async def test_a_micro_batch_in_a_file_is_scored_like_one_that_is_sent(tmp_path: Path):
    payload = batch_of("<think>a</think><answer>b</answer>", "x" * (2 << 20), "é\ud7ff\U0001f600")
    file = filed(tmp_path, payload)
    slot = Slot(fork_server(), Budget(5.0, 5.0, None, 1000), "critical")
    try:
        for given in (payload, file, payload):
            rows = await _scored(slot, given, 3)
            assert [row.components[0][1].score for row in rows] == [1.0, 0.0, 0.0]
    finally:
        await slot.close()


async def test_a_micro_batch_whose_file_is_not_there_is_gone_and_the_child_goes_on(tmp_path: Path):
    slot = Slot(fork_server(), Budget(5.0, 5.0, None, 1000), "critical")
    try:
        with pytest.raises(Gone):
            await _scored(slot, Filed(str(tmp_path / "none"), 1, 2), 1)
        assert len(await _scored(slot, batch_of("a"), 1)) == 1
        assert slot.restarts == 0
    finally:
        await slot.close()


async def test_a_micro_batch_in_a_file_survives_its_child(tmp_path: Path):
    file = filed(tmp_path, batch_of(*("word " * 20_000 for _ in range(100))))
    slot = Slot(fork_server(), Budget(5.0, 5.0, None, 1000), "critical")
    try:
        await slot.start()
        scoring = asyncio.create_task(_scored(slot, file, 100))
        await asyncio.sleep(0)
        for child in multiprocessing.active_children():
            child.kill()
        assert sorted(row.index for row in await scoring) == list(range(100))
        assert slot.restarts == 1
    finally:
        await slot.close()


async def _scored(slot: Slot, payload: bytes | Filed, items: int) -> list[ItemScores]:
    """As given, the last of them marked as such."""
    given: list[tuple[bytes, bool]] = []
    await slot.run(payload, items, lambda scores, last: given.append((scores, last)))
    assert [last for _, last in given] == [False] * (len(given) - 1) + [True]
    return [row for scores, _ in given for row in decode_scores(scores)]
