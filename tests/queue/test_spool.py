"""Large payloads travel as files of this machine; what becomes of a file decides what becomes of its micro-batch."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.queue import codec
from app.queue.connection import Server
from app.queue.dispatch import Dispatcher
from app.queue.keys import Keys
from app.queue.outage import QueueUnavailable, Reason
from app.queue.pending import Pending
from app.queue.room import QueueFull, Room
from app.queue.spool import LARGE_BYTES, Filed, Gone, Spool, load
from app.status import Status
from tests.queue.test_streams import answer, claim, consumer, made, submit, take

TEXT = "x" * LARGE_BYTES


@pytest.fixture
def spool(tmp_path: Path):
    one = Spool(tmp_path / "spool")
    one.open()
    yield one
    one.close()


def held(folder: Path) -> int:
    """Bytes of payloads that are kept, by the word of those who keep them."""
    looking = Spool(folder / "spool")
    return looking.sizes().total()


def kept(spool: Spool, payload: bytes, lane: str = "cpu", priority: str = "online") -> Filed:
    filed = spool.put(lane, priority, payload)
    assert filed is not None
    return filed


def test_a_payload_is_read_until_it_is_dropped_and_its_file_is_used_again(spool: Spool):
    first = Filed.from_bytes(bytes(kept(spool, b"abc")))
    assert load(first) == b"abc"
    assert load(b"in itself") == b"in itself"
    spool.drop(first)
    spool.drop(first)
    second = kept(spool, b"de")
    assert second.path == first.path
    assert load(second) == b"de"
    with pytest.raises(Gone):
        load(first)


def test_a_payload_that_is_replaced_while_it_is_read_is_gone(spool: Spool):
    """The buffer is asked for before anything is read; the file is another's by then."""
    first = kept(spool, b"abc")

    def late(size: int) -> memoryview:
        spool.drop(first)
        kept(spool, b"xyz")
        return memoryview(bytearray(size))

    with pytest.raises(Gone):
        first.read(late)


@pytest.mark.parametrize("harm", ["deleted", "short", "a folder"])
def test_a_file_that_others_spoilt_is_gone(spool: Spool, harm: str):
    filed = kept(spool, b"abcdef")
    path = Path(filed.path)
    if harm == "short":
        os.truncate(path, 9)
    else:
        path.unlink()
    if harm == "a folder":
        path.mkdir()
    with pytest.raises(Gone):
        load(filed)


def test_no_more_files_are_kept_for_use_than_make_sense(spool: Spool, tmp_path: Path):
    for filed in [kept(spool, b"x") for _ in range(100)]:
        spool.drop(filed)
    assert len(list(tmp_path.rglob("spool/*/*"))) == 64 + 1


def test_sizes_are_those_of_all_processes(spool: Spool, tmp_path: Path):
    other = Spool(tmp_path / "spool")
    other.open()
    kept(spool, b"x" * 10)
    kept(spool, b"x" * 4, priority="offline")
    spool.drop(kept(spool, b"x" * 100))
    kept(other, b"x" * 7)
    found = spool.sizes()
    assert (found["cpu", "online"], found["cpu", "offline"], found.total()) == (17, 4, 21)
    other.close()
    assert spool.sizes()["cpu", "online"] == 10


def test_a_payload_that_the_disk_does_not_take_is_not_kept(spool: Spool, tmp_path: Path):
    [own] = (tmp_path / "spool").iterdir()
    own.rename(tmp_path / "elsewhere")
    assert spool.put("cpu", "online", b"abc") is None
    (tmp_path / "elsewhere").rename(own)
    assert spool.sizes().total() == 0
    assert load(kept(spool, b"abc")) == b"abc"


def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_has_is_not(spool: Spool, tmp_path: Path):
    mine = kept(spool, b"mine")
    code = (
        "import os, signal, sys; from pathlib import Path; from app.queue.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1])); spool.open()\n"
        "spool.put('cpu', 'online', b'theirs'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "spool")], check=False)
    assert held(tmp_path) == 10
    third = Spool(tmp_path / "spool")
    third.open()
    assert held(tmp_path) == 4
    assert load(mine) == b"mine"
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
    assert held(tmp_path) == 0
    await dispatcher.stop()
    assert os.listdir(tmp_path / "spool") == []


async def test_the_file_of_a_request_that_is_given_up_goes(redis_server: Server, tmp_path: Path):
    dispatcher = made(redis_server, spool=Spool(tmp_path / "spool"))
    await dispatcher.start()
    pending = await submit(dispatcher, TEXT)
    while not held(tmp_path):
        await asyncio.sleep(0.01)
    dispatcher.forget(pending)
    while held(tmp_path):
        await asyncio.sleep(0.01)
    await dispatcher.stop()


async def taken_by_a_worker_that_dies(server: Server, folder: Path) -> tuple[Dispatcher, Pending]:
    """A large micro-batch of two items that may be delivered once, and was."""
    worker, dispatcher = consumer(server, "w", max_deliveries=1), made(server, spool=Spool(folder / "spool"))
    await worker.create_groups()
    await dispatcher.start()
    pending = await submit(dispatcher, TEXT, "b")
    await take(worker)
    return dispatcher, pending


async def test_a_request_whose_file_is_gone_fails_as_lost(redis_server: Server, tmp_path: Path):
    dispatcher, pending = await taken_by_a_worker_that_dies(redis_server, tmp_path)
    for file in tmp_path.rglob("spool/*/*"):
        file.unlink()
    heir = consumer(redis_server, "heir", max_deliveries=1)
    assert await claim(heir, 12) == []  # It would be halved, and there is nothing to halve.
    with pytest.raises(QueueUnavailable) as lost:
        [index async for index in pending.ready()]
    assert lost.value.reason is Reason.LOST
    await dispatcher.stop()


async def test_halves_of_a_large_micro_batch_need_no_file(redis_server: Server, tmp_path: Path):
    dispatcher, pending = await taken_by_a_worker_that_dies(redis_server, tmp_path)
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
    kept(spool, TEXT.encode())
    await asyncio.sleep(0.06)
    with pytest.raises(QueueFull):
        await room.check("online")
    await room.check("offline")
