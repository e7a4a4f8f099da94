"""How much goes into a micro-batch."""

import pytest

from app.queue.codec import ComponentScore, ItemScores
from app.queue.costs import Costs
from app.queue.packing import Limits, Work
from app.status import Status

MOST = Limits(64, 1 << 20)


def work(lane: str = "cpu", encoded: bytes = b"x") -> Work:
    return Work(lane, "online", False, encoded)


def took(*microseconds: int) -> list[ItemScores]:
    return [ItemScores(n, [(0, ComponentScore.of(1.0, Status.OK, None, us))]) for n, us in enumerate(microseconds)]


@pytest.mark.parametrize(("microseconds", "items"), [(10, 64), (500, 30), (9_000, 1), (60_000_000, 1)])
def test_dear_items_go_few_at_a_time(microseconds: int, items: int):
    costs = Costs(MOST)
    for _ in range(50):
        costs.learn(work(), took(*[microseconds] * 8))
    assert costs.limits(work()) == Limits(items, MOST.bytes)


def test_what_was_learned_of_one_kind_of_work_says_nothing_of_another():
    costs = Costs(MOST)
    costs.learn(work(encoded=b"dear"), took(1_000_000))
    assert costs.limits(work(encoded=b"unknown")).items > 1


def test_items_of_slow_lanes_go_alone_until_a_reply_tells():
    costs = Costs(MOST)
    assert [costs.limits(work(lane)).items for lane in ("code", "judge")] == [1, 1]
    costs.learn(work("code"), took(100))
    assert costs.limits(work("code")).items == MOST.items


def test_an_item_that_waited_for_a_core_does_not_count():
    costs = Costs(MOST)
    costs.learn(work(), took(100, 100, 100, 100, 50_000, 100, 100, 100))
    assert costs.limits(work()).items == MOST.items


def test_a_reply_without_scores_teaches_nothing():
    costs = Costs(MOST)
    before = costs.limits(work())
    costs.learn(work(), [])
    assert costs.limits(work()) == before
