"""Large payloads travel as files of this machine; what becomes of a file decides what becomes of its micro-batch."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.queue import codec
from app.queue.connection import Server
from app.queue.keys import Keys
from app.queue.outage import QueueUnavailable, Reason
from app.queue.room import QueueFull, Room
from app.queue.spool import LARGE_BYTES, Gone, Spool, load
from app.status import Status
from tests.queue.test_streams import answer, claim, consumer, made, submit, take

TEXT = "x" * LARGE_BYTES


@pytest.fixture
def spool(tmp_path: Path):
    one = Spool(tmp_path / "spool")
    one.open()
    yield one
    one.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_payload_is_read_until_it_is_dropped(spool: Spool):
    path = spool.put("cpu", "online", b"abc", 1)
    assert path is not None
    assert load(path) == b"abc"
    assert load(b"in itself") == b"in itself"
    spool.drop(path)
    spool.drop(path)
    with pytest.raises(Gone):
        load(path)


def test_sizes_are_those_of_all_processes(spool: Spool, tmp_path: Path):
    other = Spool(tmp_path / "spool")
    other.open()
    spool.put("cpu", "online", b"x" * 10, 1)
    spool.put("cpu", "offline", b"x" * 4, 2)
    other.put("cpu", "online", b"x" * 7, 1)
    assert spool.sizes() == {("cpu", "online"): 17, ("cpu", "offline"): 4}
    other.close()
    assert spool.sizes() == {("cpu", "online"): 10, ("cpu", "offline"): 4}


def test_a_payload_that_the_disk_does_not_take_is_not_kept(tmp_path: Path):
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.close()  # and its folder is gone
    assert spool.put("cpu", "online", b"abc", 1) is None
    spool.close()


def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_has_is_not(spool: Spool, tmp_path: Path):
    kept = spool.put("cpu", "online", b"mine", 1)
    code = (
        "import os, signal, sys; from pathlib import Path; from app.queue.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1])); spool.open()\n"
        "spool.put('cpu', 'online', b'theirs', 1); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "spool")], check=False)
    assert len(files(tmp_path / "spool")) == 2
    third = Spool(tmp_path / "spool")
    third.open()
    assert files(tmp_path / "spool") == [kept]
    third.close()


async def test_a_large_micro_batch_goes_by_file_until_it_is_answered(redis_server: Server, tmp_path: Path):
    worker, dispatcher = consumer(redis_server, "w"), made(redis_server, spool=Spool(tmp_path / "spool"))
    await worker.create_groups()
    await dispatcher.start()
    small = await submit(dispatcher, "a")
    tasks = [await take(worker)]
    large = await submit(dispatcher, TEXT, "b")
    tasks.append(await take(worker))
    assert [type(task.envelope.payload) is bytes for task in tasks] == [True, False]
    batch = codec.decode_batch(load(tasks[1].envelope.payload))
    assert [entry.item.completion for entry in batch.entries] == [TEXT, "b"]
    await worker.answer([answer(task) for task in tasks])
    assert [index async for index in small.ready()] == [0]
    assert [index async for index in large.ready()] == [0, 1]
    assert files(tmp_path / "spool") == []
    await dispatcher.stop()
    assert os.listdir(tmp_path / "spool") == []  # noqa: PTH208


async def test_the_file_of_a_request_that_is_given_up_goes(redis_server: Server, tmp_path: Path):
    dispatcher = made(redis_server, spool=Spool(tmp_path / "spool"))
    await dispatcher.start()
    pending = await submit(dispatcher, TEXT)
    while not files(tmp_path / "spool"):
        await asyncio.sleep(0.01)
    dispatcher.forget(pending)
    while files(tmp_path / "spool"):
        await asyncio.sleep(0.01)
    await dispatcher.stop()


async def test_a_request_whose_file_is_gone_fails_as_lost(redis_server: Server, tmp_path: Path):
    worker, dispatcher = (
        consumer(redis_server, "w", max_deliveries=1),
        made(redis_server, spool=Spool(tmp_path / "spool")),
    )
    await worker.create_groups()
    await dispatcher.start()
    pending = await submit(dispatcher, TEXT, "b")
    await take(worker)
    [file] = files(tmp_path / "spool")
    file.unlink()
    heir = consumer(redis_server, "heir", max_deliveries=1)
    assert await claim(heir, 12) == []  # It would be halved, and there is nothing to halve.
    with pytest.raises(QueueUnavailable) as lost:
        [index async for index in pending.ready()]
    assert lost.value.reason is Reason.LOST
    await dispatcher.stop()


async def test_halves_of_a_large_micro_batch_need_no_file(redis_server: Server, tmp_path: Path):
    worker, dispatcher = (
        consumer(redis_server, "w", max_deliveries=1),
        made(redis_server, spool=Spool(tmp_path / "spool")),
    )
    await worker.create_groups()
    await dispatcher.start()
    pending = await submit(dispatcher, TEXT, "b")
    await take(worker)
    heir = consumer(redis_server, "heir", max_deliveries=1)
    assert await claim(heir, 12) == []
    halves = [await take(heir), await take(heir)]
    texts = [codec.decode_batch(load(half.envelope.payload)).entries[0].item.completion for half in halves]
    assert texts == [TEXT, "b"]
    assert all(type(half.envelope.payload) is bytes for half in halves)
    await heir.answer([answer(half) for half in halves])
    assert sorted([index async for index in pending.ready()]) == [0, 1]
    await dispatcher.stop()


async def test_a_large_item_that_killed_its_workers_is_a_dead_letter_with_its_text(
    redis_server: Server, tmp_path: Path
):
    worker, dispatcher = (
        consumer(redis_server, "w", max_deliveries=1),
        made(redis_server, spool=Spool(tmp_path / "spool")),
    )
    await worker.create_groups()
    await dispatcher.start()
    pending = await submit(dispatcher, TEXT)
    await take(worker)
    assert await claim(consumer(redis_server, "heir", max_deliveries=1), 12) == []
    assert [index async for index in pending.ready()] == [0]
    assert [score.status for score in pending.scores[0] if score] == [Status.ERROR]
    [(_, dead)] = await redis_server.entries(Keys("t").dead, 10)
    again = codec.Envelope.from_fields(dead)
    assert type(again.payload) is bytes
    assert codec.decode_batch(again.payload).entries[0].item.completion == TEXT
    await dispatcher.stop()


async def test_files_count_towards_what_a_lane_may_hold(redis_server: Server, spool: Spool):
    room = Room(redis_server, Keys("t"), most_batches=9, most_bytes=LARGE_BYTES, elsewhere=spool.sizes)
    await room.check("online")
    path = spool.put("cpu", "online", b"x" * LARGE_BYTES, 1)
    assert path is not None
    await asyncio.sleep(0.06)
    with pytest.raises(QueueFull):
        await room.check("online")
    await room.check("offline")
