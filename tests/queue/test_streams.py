"""Producer and consumer on a real server."""

import asyncio
import time

import pytest

from app.queue import codec
from app.queue.connection import QueueUnavailable, Server
from app.queue.consumer import Answer, Consumer
from app.queue.dispatch import Dispatcher, QueueFull, queue_state
from app.queue.keys import Keys
from app.queue.presence import Presence, live_workers
from app.status import Status

KEYS = Keys("t")
WORK = codec.ComponentWork(0, "format", {})


def consumer(server: Server, name: str, max_deliveries: int = 2) -> Consumer:
    return Consumer(server, KEYS, name, "cpu", max_deliveries=max_deliveries, reply_ttl_s=60)


def batch(request: str, count: int = 1) -> tuple[str, codec.WorkBatch]:
    items = [codec.WorkItem(n, "x", "", {"kind": "none"}, None, {}) for n in range(count)]
    return "cpu", codec.WorkBatch(request, [WORK], True, items)


def scores(count: int = 1) -> bytes:
    one = codec.ComponentScore(1.0, Status.OK, None, 1)
    return codec.encode([codec.ItemScores(n, [(0, one)]) for n in range(count)])


@pytest.fixture
async def dispatcher(redis_server: Server):
    made = Dispatcher(redis_server, KEYS, max_queued_batches=3, reply_ttl_s=60)
    await made.start()
    yield made
    await made.stop()


async def test_work_goes_out_and_scores_come_back(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    pending = dispatcher.expect("r", 2, 1, time.monotonic() + 10)
    assert await dispatcher.send([batch("r", 2)], pending, "online") == {"cpu": 2}
    [task] = await worker.take(5)
    await worker.answer([Answer(task, scores(2), 1.5, True)])
    assert [index async for index in pending.ready()] == [0, 1]
    assert pending.queue_ms == 1.5
    assert all(length == 0 for _, _, length, _ in await queue_state(redis_server, KEYS))


async def test_online_work_comes_before_offline(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    pending = dispatcher.expect("r", 1, 1, time.monotonic() + 10)
    await dispatcher.send([batch("r")], pending, "offline")
    await dispatcher.send([batch("r")], pending, "online")
    streams = [(await worker.take(1))[0].stream for _ in range(2)]
    assert streams == [KEYS.queue("cpu", "online"), KEYS.queue("cpu", "offline")]


async def test_offline_work_is_not_starved(redis_server: Server):
    dispatcher = Dispatcher(redis_server, KEYS, max_queued_batches=1000, reply_ttl_s=60)
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    pending = dispatcher.expect("r", 1, 1, time.monotonic() + 10)
    await dispatcher.send([batch("r") for _ in range(50)], pending, "online")
    await dispatcher.send([batch("r")], pending, "offline")
    streams = [(await worker.take(1))[0].stream for _ in range(20)]
    assert KEYS.queue("cpu", "offline") in streams


async def test_a_full_lane_refuses(redis_server: Server, dispatcher: Dispatcher):
    pending = dispatcher.expect("r", 1, 1, time.monotonic() + 10)
    await dispatcher.send([batch("r") for _ in range(3)], pending, "online")
    with pytest.raises(QueueFull, match="'cpu' has 3"):
        await dispatcher.send([batch("r")], pending, "online")


async def test_the_dead_workers_work_is_taken_over_but_not_the_living_ones(
    redis_server: Server, dispatcher: Dispatcher
):
    dead, living, heir = (consumer(redis_server, name) for name in ("dead", "living", "heir"))
    await dead.create_groups()
    pending = dispatcher.expect("r", 1, 1, time.monotonic() + 10)
    await dispatcher.send([batch("r"), batch("r")], pending, "online")
    [lost] = await dead.take(1)
    [kept] = await living.take(1)
    await asyncio.sleep(0.15)
    await living.renew()
    assert [task.id for task in await heir.claim(100, 10)] == [lost.id]
    assert kept.id != lost.id


async def test_the_item_that_kills_its_workers_is_found_by_halving(redis_server: Server, dispatcher: Dispatcher):
    """Workers die of item 5 of 8: all others are answered, it alone is given up and kept as dead."""
    poison, count = 5, 8
    pending = dispatcher.expect("r", count, 1, time.monotonic() + 30)
    await consumer(redis_server, "w").create_groups()
    await dispatcher.send([batch("r", count)], pending, "online")
    for n in range(40):
        worker = consumer(redis_server, f"w{n}")
        tasks = await worker.claim(0, 10) if n else []
        tasks += await worker.take(10) if n == 0 or not tasks else []
        for task in tasks:
            indices = [item.index for item in codec.decode_batch(task.envelope.payload).items]
            if poison in indices:
                continue
            one = codec.ComponentScore(1.0, Status.OK, None, 1)
            payload = codec.encode([codec.ItemScores(index, [(0, one)]) for index in indices])
            await worker.answer([Answer(task, payload, 0.0, True)])
        if await redis_server.lengths([KEYS.dead]) == [1]:
            break
    ready = [index async for index in pending.ready()]
    assert sorted(ready) == list(range(count))
    statuses = [row[0].status if row[0] else None for row in pending.scores]
    assert statuses == [Status.ERROR if n == poison else Status.OK for n in range(count)]
    assert await redis_server.lengths([KEYS.dead, KEYS.queue("cpu", "online")]) == [1, 0]


async def test_queues_are_made_again_after_the_server_lost_them(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    pending = dispatcher.expect("r", 1, 1, time.monotonic() + 10)
    await dispatcher.send([batch("r")], pending, "online")
    assert await worker.take(1) == []
    assert len(await worker.take(1)) == 1


async def test_an_entry_nobody_understands_is_dropped(redis_server: Server):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    await redis_server.add_all([(KEYS.queue("cpu", "online"), {"what": "ever"})])
    assert await worker.take(1) == []
    assert await redis_server.lengths([KEYS.queue("cpu", "online")]) == [0]


async def test_workers_are_counted_while_they_say_they_live(redis_server: Server):
    worker = Presence(redis_server, KEYS, "w")
    assert await live_workers(redis_server, KEYS) == 0
    await worker.say("{}")
    assert await live_workers(redis_server, KEYS) == 1
    await worker.leave()
    assert await live_workers(redis_server, KEYS) == 0


async def test_a_server_that_is_away_is_one_typed_error(tmp_path):
    server = Server(f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(QueueUnavailable):
        await server.ping()
    await server.close()
