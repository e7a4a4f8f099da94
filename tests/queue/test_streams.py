"""Producer and consumer on a real server."""

import asyncio
import time
from typing import Any
from unittest.mock import AsyncMock

import pytest

from app.queue import codec
from app.queue.clock import ServerClock
from app.queue.connection import Server
from app.queue.consumer import Answer, Consumer, Task
from app.queue.dispatch import Dispatcher, queue_state
from app.queue.keys import PRIORITIES, Keys
from app.queue.outage import QueueUnavailable
from app.queue.packing import Limits, Plan, Work
from app.queue.pending import Pending
from app.queue.presence import Presence, live_workers
from app.queue.room import QueueFull, Room
from app.queue.spool import load
from app.status import Status

KEYS = Keys("t")
LEASE_S = 0.2
COMPONENTS = [codec.ComponentWork(0, "format", 1, {})]
PLAN = Plan("cpu", (0,))
ONE = codec.ComponentScore.of(1.0, Status.OK, None, 7)


def consumer(server: Server, name: str, max_deliveries: int = 2, lease_s: float = LEASE_S) -> Consumer:
    clock = ServerClock()
    return Consumer(server, KEYS, name, "cpu", clock, max_deliveries=max_deliveries, reply_ttl_s=60, lease_s=lease_s)


def made(server: Server, **changes: Any) -> Dispatcher:
    settings = {
        "coalesce_s": 0.0,
        "cache_items": 0,
        "room": room(server),
        "max_requests": 9,
        "reply_ttl_s": 60,
        **changes,
    }
    return Dispatcher(server, KEYS, limits=settings.pop("limits", Limits(32, 1 << 20)), **settings)


def room(server: Server, batches: int = 1000, size: int = 1 << 30) -> Room:
    return Room(server, KEYS, most_batches=batches, most_bytes=size)


def items(priority: str, *texts: str) -> list[tuple[codec.WorkItem, tuple[Work, ...]]]:
    works = (Work.of(PLAN, COMPONENTS, priority, True),)
    return [(codec.WorkItem(text, "", {"kind": "none"}, None, {}), works) for text in texts]


async def submit(
    dispatcher: Dispatcher, *texts: str, priority: str = "online", reuse: bool = False, seconds: float = 10
) -> Pending:
    pending = Pending("r", len(texts), 1, time.monotonic() + seconds)
    dispatcher.expect(pending)
    await dispatcher.submit(items(priority, *texts), pending, priority=priority, reuse=reuse)
    return pending


async def take(worker: Consumer, tries: int = 20) -> Task:
    for _ in range(tries):
        for priority in PRIORITIES:
            if tasks := await worker.take(priority, 1, 20):
                return tasks[0]
    raise AssertionError("nothing to take")


async def claim(worker: Consumer, tries: int = 40) -> list[Task]:
    """What the worker takes over, once it has been in touch for long enough; nothing after so many looks."""
    for _ in range(tries):
        await asyncio.sleep(LEASE_S / 8)
        await worker.renew()
        if tasks := await worker.claim(10):
            return tasks
    return []


def answer(task: Task) -> Answer:
    entries = codec.decode_batch(load(task.envelope.payload)).entries
    return Answer(task, codec.encode([codec.ItemScores(e.index, [(0, ONE)]) for e in entries]), 1.5, True)


@pytest.fixture
async def dispatcher(redis_server: Server):
    one = made(redis_server)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def caching(redis_server: Server):
    one = made(redis_server, cache_items=2, coalesce_s=0.05)
    await one.start()
    yield one
    await one.stop()


async def test_work_goes_out_and_scores_come_back(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    pending = await submit(dispatcher, "a", "b")
    await worker.answer([answer(await take(worker))])
    assert [index async for index in pending.ready()] == [0, 1]
    assert pending.queue_ms == 1.5
    assert all(length == 0 for _, _, length, _ in await queue_state(redis_server, KEYS))


async def test_small_requests_share_a_micro_batch(redis_server: Server, caching: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    all_pending = [await submit(caching, f"text {n}") for n in range(5)]
    task = await take(worker)
    assert task.envelope.items == 5
    await worker.answer([answer(task)])
    for pending in all_pending:
        assert [index async for index in pending.ready()] == [0]


async def test_equal_items_are_scored_once_and_later_from_the_cache(redis_server: Server, caching: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    first = await submit(caching, "same", "same", "other", reuse=True)
    joined = await submit(caching, "same", reuse=True)
    task = await take(worker)
    assert task.envelope.items == 2
    await worker.answer([answer(task)])
    assert sorted([index async for index in first.ready()]) == [0, 1, 2]
    assert [index async for index in joined.ready()] == [0]
    cached = await submit(caching, "same", reuse=True)
    assert [index async for index in cached.ready()] == [0]
    flags = [[score.cached for score in row if score] for row in (*first.scores, *joined.scores, *cached.scores)]
    assert flags == [[False], [True], [False], [True], [True]]
    fresh = await submit(caching, "same", reuse=False)
    assert (await take(worker)).envelope.items == 1
    caching.forget(fresh)


async def test_work_that_nobody_waits_for_is_taken_back(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    queue = KEYS.queue("cpu", "online")
    gone = await submit(dispatcher, "a")
    while await redis_server.lengths([queue]) != [1]:
        await asyncio.sleep(0.01)
    stays = await submit(dispatcher, "b")
    while await redis_server.lengths([queue]) != [2]:
        await asyncio.sleep(0.01)
    dispatcher.forget(gone)
    while await redis_server.lengths([queue]) != [1]:
        await asyncio.sleep(0.01)
    await worker.answer([answer(await take(worker))])
    assert [index async for index in stays.ready()] == [0]
    assert dispatcher.in_flight == 1


async def test_a_full_lane_refuses(redis_server: Server):
    dispatcher = made(redis_server, room=room(redis_server, batches=3))
    await redis_server.add_all([(KEYS.queue("cpu", "online"), {"x": 1})] * 3)
    with pytest.raises(QueueFull, match="'cpu' has 3"):
        await submit(dispatcher, "x")


async def test_a_lane_of_too_many_bytes_refuses(redis_server: Server):
    dispatcher = made(redis_server, room=room(redis_server, size=1 << 20))
    await redis_server.add_all([(KEYS.queue("cpu", "offline"), {"x": b"x" * 100_000})] * 20)
    await submit(dispatcher, "x")
    with pytest.raises(QueueFull, match="'cpu' has about 1 MiB"):
        await submit(dispatcher, "x", priority="offline")


async def test_a_lane_that_is_asked_about_all_the_time_is_looked_at_before_anybody_has_to_wait(
    redis_server: Server, monkeypatch: pytest.MonkeyPatch
):
    for name, seconds in (("_KNOWN_S", 60.0), ("_LOOK_AGAIN_S", 60.0)):
        monkeypatch.setattr(f"app.queue.room.{name}", seconds)
    sizes = AsyncMock(wraps=redis_server.sizes)
    monkeypatch.setattr(redis_server, "sizes", sizes)
    one = room(redis_server, batches=3)
    assert not one.known("online")
    await one.check("online")
    await redis_server.add_all([(KEYS.queue("cpu", "online"), {"x": 1})] * 3)
    while sizes.await_count < 3:
        assert one.known("online")  # A look that finds no room is no error: what was known holds for its time.
        await asyncio.sleep(0.005)
    with pytest.raises(QueueFull):
        await one.check("online")


async def test_a_process_with_too_many_requests_refuses_more(dispatcher: Dispatcher):
    for _ in range(9):
        await submit(dispatcher, "x")
    with pytest.raises(QueueFull, match="9 requests"):
        await submit(dispatcher, "x")


async def test_the_dead_workers_work_is_taken_over_but_not_the_living_ones(
    redis_server: Server, dispatcher: Dispatcher
):
    dead, living, heir = (consumer(redis_server, name) for name in ("dead", "living", "heir"))
    await dead.create_groups()
    await submit(dispatcher, "a")
    await asyncio.sleep(0.05)
    await submit(dispatcher, "b")
    lost = await take(dead)
    kept = await take(living)

    async def live() -> None:
        while True:
            await living.renew()
            await asyncio.sleep(LEASE_S / 10)

    alive = asyncio.create_task(live())
    assert [task.id for task in await claim(heir)] == [lost.id]
    assert kept.id != lost.id
    alive.cancel()


async def test_nothing_is_taken_over_by_one_who_was_away_itself(redis_server: Server, dispatcher: Dispatcher):
    """After an outage, or a sleep of its own, every lease looks expired: the living renew theirs first."""
    dead, heir = (consumer(redis_server, name) for name in ("dead", "heir"))
    await dead.create_groups()
    await submit(dispatcher, "a")
    await take(dead)
    await asyncio.sleep(2 * LEASE_S)
    assert await heir.claim(10) == []
    await heir.renew()
    assert await heir.claim(10) == []
    assert len(await claim(heir)) == 1


async def test_a_worker_never_takes_over_from_itself(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    await submit(dispatcher, "a")
    await take(worker)
    other = consumer(redis_server, "w")  # The same name: what it claims is what the first one holds.
    assert len(await claim(other)) == 1
    assert await claim(other, tries=12) == []


async def test_the_item_that_kills_its_workers_is_found_by_halving(redis_server: Server, dispatcher: Dispatcher):
    """Workers die of item 5 of 8: all others are answered, it alone is given up and kept as dead."""
    poison, count = 5, 8
    await consumer(redis_server, "w").create_groups()
    pending = await submit(dispatcher, *(str(n) for n in range(count)), seconds=30)
    for n in range(40):
        worker = consumer(redis_server, f"w{n}")
        tasks = await claim(worker) if n else []
        tasks += await worker.take("online", 10, 20) if n == 0 or not tasks else []
        for task in tasks:
            if poison not in [entry.index for entry in codec.decode_batch(load(task.envelope.payload)).entries]:
                await worker.answer([answer(task)])
        if await redis_server.lengths([KEYS.dead]) == [1]:
            break
    ready = [index async for index in pending.ready()]
    assert sorted(ready) == list(range(count))
    statuses = [row[0].status if row[0] else None for row in pending.scores]
    assert statuses == [Status.ERROR if n == poison else Status.OK for n in range(count)]
    assert await redis_server.lengths([KEYS.dead, KEYS.queue("cpu", "online")]) == [1, 0]


async def test_queues_are_made_again_after_the_server_lost_them(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await submit(dispatcher, "a")
    assert await worker.take("online", 1, 20) == []
    assert (await take(worker)).envelope.items == 1


async def test_an_entry_nobody_understands_is_dropped(redis_server: Server):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    await redis_server.add_all([(KEYS.queue("cpu", "online"), {"what": "ever"})])
    assert await worker.take("online", 1, 20) == []
    assert await redis_server.lengths([KEYS.queue("cpu", "online")]) == [0]


async def test_answers_are_taken_by_a_full_server(redis_server: Server, dispatcher: Dispatcher):
    """Only answers make room: were they refused, nothing would ever move again."""
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    pending = await submit(dispatcher, "a", "b")
    task = await take(worker)
    await redis_server.set_max_memory(1)
    with pytest.raises(QueueUnavailable, match="maxmemory"):
        await redis_server.add_all([("x", {"x": 1})])
    first, second = (codec.encode([codec.ItemScores(n, [(0, ONE)])]) for n in range(2))
    await worker.answer([Answer(task, first, 0.0, False)])
    await worker.answer([Answer(task, second, 0.0, True)])
    assert [index async for index in pending.ready()] == [0, 1]


async def test_work_that_was_taken_back_is_let_go_of(redis_server: Server, dispatcher: Dispatcher):
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    pending = await submit(dispatcher, "a")
    task = await take(worker)
    assert await worker.still_wanted(task)
    dispatcher.forget(pending)
    await asyncio.sleep(0.2)
    assert not await worker.still_wanted(task)
    await worker.leave()
    assert await redis_server.consumers(KEYS.queue("cpu", "online"), "workers") == []


async def test_consumers_of_workers_that_left_are_forgotten(redis_server: Server, dispatcher: Dispatcher):
    busy, idle = (consumer(redis_server, name) for name in ("busy", "idle"))
    await busy.create_groups()
    await submit(dispatcher, "a")
    task = await take(busy)
    assert await idle.take("online", 1, 1) == []
    for one in (idle, busy):
        await one.leave()
    assert await redis_server.consumers(KEYS.queue("cpu", "online"), "workers") == ["busy"]
    await busy.answer([answer(task)])
    await busy.leave()
    assert await redis_server.consumers(KEYS.queue("cpu", "online"), "workers") == []


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


async def test_requests_share_a_micro_batch_that_leaves_once_half_of_them_wait_for_it(
    redis_server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.queue.room._KNOWN_S", 60.0)
    dispatcher = made(redis_server, coalesce_s=60.0)
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    for _ in range(2):  # At first there is nothing to wait beside; then there are four that are being scored.
        for n in range(4):
            await submit(dispatcher, f"text {n}")
        assert (await take(worker)).envelope.items == 4
    await dispatcher.stop()


async def test_half_of_many_requests_is_not_held_up_for_the_rest_of_the_turn(
    redis_server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.queue.room._KNOWN_S", 60.0)
    dispatcher = made(redis_server, coalesce_s=60.0, max_requests=99)
    worker = consumer(redis_server, "w")
    await worker.create_groups()
    for n in range(60):
        await submit(dispatcher, f"text {n}")
    sizes = [(await take(worker)).envelope.items for _ in range(2)]
    assert sizes == [16, 16]  # 16 are many; then half of all that are there by then, more than a micro-batch holds.
    assert not await worker.take("online", 1, 20)
    await dispatcher.stop()
