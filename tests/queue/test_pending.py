import asyncio
import time
from functools import partial

import pytest

from app.queue.codec import ComponentScore
from app.queue.pending import Pending
from app.status import Status

ONE = ComponentScore.of(1.0, Status.OK, None, 1)
ZERO = ComponentScore.of(0.0, Status.OK, None, 1)


def pending(items: int, components: int = 1, seconds: float = 10) -> Pending:
    return Pending("r", items, components, time.monotonic() + seconds)


async def test_items_are_ready_when_all_their_components_are():
    one = pending(2, 2)
    one.receive(0, [(0, ONE)])
    one.receive(1, [(0, ONE), (1, ONE)])
    one.receive(0, [(1, ZERO)])
    assert [index async for index in one.ready()] == [1, 0]
    assert one.scores[0] == [ONE, ZERO]


async def test_a_second_answer_changes_nothing():
    one = pending(1)
    one.receive(0, [(0, ONE)])
    one.receive(0, [(0, ZERO)])
    assert [index async for index in one.ready()] == [0]
    assert one.scores == [[ONE]]


async def test_what_is_missing_at_the_deadline_times_out_and_the_rest_stays():
    one = pending(3, 2, seconds=0.05)
    one.receive(1, [(0, ONE), (1, ONE)])
    one.receive(2, [(0, ONE)])
    assert sorted([index async for index in one.ready()]) == [0, 1, 2]
    statuses = [[score.status if score else None for score in row] for row in one.scores]
    assert statuses == [[Status.TIMEOUT] * 2, [Status.OK] * 2, [Status.OK, Status.TIMEOUT]]


async def test_a_late_answer_after_the_deadline_is_dropped():
    one = pending(1, seconds=0)
    assert [index async for index in one.ready()] == [0]
    one.receive(0, [(0, ONE)])
    await asyncio.sleep(0)
    score = one.scores[0][0]
    assert score is not None
    assert score.status is Status.TIMEOUT


async def test_a_failure_to_send_is_raised():
    one = pending(2)
    one.fail(RuntimeError("away"))
    with pytest.raises(RuntimeError, match="away"):
        await anext(one.ready())


@pytest.mark.parametrize(
    ("end", "statuses"), [("scores", [Status.OK, Status.OK]), ("deadline", [Status.OK, Status.TIMEOUT])]
)
async def test_who_does_not_wait_is_called_once_when_it_is_over(end: str, statuses: list[Status]):
    one = pending(2, seconds=10 if end == "scores" else 0.05)
    called: asyncio.Queue[list[int]] = asyncio.Queue()
    one.when_over(asyncio.get_running_loop(), lambda: called.put_nowait(one.all_completed()))
    one.receive(0, [(0, ONE)])
    if end == "scores":
        one.receive(1, [(0, ONE)])
        assert called.empty()  # Soon, not in the midst of it.
    assert await called.get() == [0, 1]
    assert [score.status for [score] in one.scores if score is not None] == statuses
    one.receive(1, [(0, ZERO)])
    one.fail(RuntimeError("late"))
    await asyncio.sleep(0.1)
    assert called.empty()


async def test_who_does_not_wait_is_called_where_the_work_fails_and_not_where_he_left():
    one, left = pending(1), pending(1)
    called: asyncio.Queue[Pending] = asyncio.Queue()
    for watched in (one, left):
        watched.when_over(asyncio.get_running_loop(), partial(called.put_nowait, watched))
    left.unwatch()
    for watched in (one, left):
        watched.fail(RuntimeError("away"))
    assert await called.get() is one
    with pytest.raises(RuntimeError, match="away"):
        one.all_completed()
    await asyncio.sleep(0)
    assert called.empty()
