"""Whose turn it is among the micro-batches that a lane holds."""

import asyncio

import pytest

from app.queue.clock import ServerClock
from app.queue.codec import Envelope
from app.queue.consumer import Task
from app.worker.backlog import Backlog

CLOCK = ServerClock()


def task(priority: str, number: int = 0) -> Task:
    return Task(priority, f"q:{priority}", b"%d-0" % number, Envelope("b", "r", 1, 1000, b""), CLOCK, 0.0)


async def test_online_work_comes_first_and_in_its_order():
    backlog = Backlog(2)
    backlog.put([task("offline"), task("online", 1), task("online", 2)])
    assert [(t.priority, t.id) for t in [await backlog.take() for _ in range(3)]] == [
        ("online", b"1-0"),
        ("online", b"2-0"),
        ("offline", b"0-0"),
    ]


async def test_offline_work_is_never_starved():
    backlog = Backlog(4)
    backlog.put([task("online", n) for n in range(50)] + [task("offline", n) for n in range(3)])
    taken: list[str] = []
    for _ in range(24):
        one = await backlog.take()
        backlog.ended(one)
        taken.append(one.priority)
    assert taken.count("offline") == 3


async def test_who_comes_first_waits_for_work():
    backlog = Backlog(4)
    takers = [asyncio.create_task(backlog.take()) for _ in range(2)]
    await asyncio.sleep(0)
    backlog.put([task("online", 1), task("offline", 2)])
    assert {t.priority for t in await asyncio.gather(*takers)} == {"online", "offline"}


async def test_a_child_is_kept_free_for_more_online_work_to_come():
    backlog = Backlog(2)
    backlog.put([task("online", 1), *(task("offline", n) for n in range(3))])
    first, second = await backlog.take(), await backlog.take()
    assert (first.priority, second.priority) == ("online", "offline")
    backlog.ended(first)
    free = asyncio.create_task(backlog.take())
    await asyncio.sleep(0.01)
    assert not free.done()
    backlog.put([task("online", 2)])
    assert (await free).id == b"2-0"


async def test_it_goes_on_with_offline_work_once_another_of_it_ends():
    backlog = Backlog(2)
    backlog.put([task("online", 1), *(task("offline", n) for n in range(3))])
    _, second = await backlog.take(), await backlog.take()
    waiting = asyncio.create_task(backlog.take())
    await asyncio.sleep(0)
    backlog.ended(second)
    assert (await waiting).priority == "offline"


async def test_it_goes_on_with_offline_work_when_no_more_online_work_came(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.worker.backlog._KEEP_FREE_S", 0.05)
    backlog = Backlog(2)
    backlog.put([task("online", 1), *(task("offline", n) for n in range(3))])
    assert [(await backlog.take()).priority for _ in range(3)] == ["online", "offline", "offline"]


async def test_an_only_child_takes_both():
    backlog = Backlog(1)
    backlog.put([task("online"), task("offline")])
    for priority in ("online", "offline"):
        one = await backlog.take()
        assert one.priority == priority
        backlog.ended(one)
