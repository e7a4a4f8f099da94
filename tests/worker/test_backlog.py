"""Whose turn it is among the micro-batches that a lane holds."""

import asyncio

from app.queue.clock import ServerClock
from app.queue.codec import Envelope
from app.queue.consumer import Task
from app.worker.backlog import Backlog

CLOCK = ServerClock()


def task(priority: str, number: int = 0) -> Task:
    return Task(priority, f"q:{priority}", b"%d-0" % number, Envelope("b", "r", 1, 1000, b""), CLOCK, 0.0)


async def test_online_work_comes_first_and_in_its_order():
    backlog = Backlog()
    await backlog.put([task("offline"), task("online", 1), task("online", 2)])
    assert [(t.priority, t.id) for t in [await backlog.take() for _ in range(3)]] == [
        ("online", b"1-0"),
        ("online", b"2-0"),
        ("offline", b"0-0"),
    ]


async def test_offline_work_is_never_starved():
    backlog = Backlog()
    await backlog.put([task("online", n) for n in range(50)] + [task("offline", n) for n in range(3)])
    taken = [(await backlog.take()).priority for _ in range(24)]
    assert taken.count("offline") == 3


async def test_who_comes_first_waits_for_work():
    backlog = Backlog()
    takers = [asyncio.create_task(backlog.take()) for _ in range(2)]
    await asyncio.sleep(0)
    await backlog.put([task("online", 1), task("offline", 2)])
    assert {t.priority for t in await asyncio.gather(*takers)} == {"online", "offline"}
