from typing import Any

import pytest

from app.rewards import groups
from app.rewards.base import Component, Member, Sample
from app.status import Status


def member(text: str = "x", right: float | None = 1.0, tokens: int = 0, reward: float | None = None) -> Member:
    component = Component(right) if right is not None else Component(None, Status.ERROR)
    return Member(Sample(text, meta={"completion_tokens": tokens}), {"accuracy": component}, reward)


def scores(reward: Any, members: list[Member], **params: Any) -> list[float | None]:
    return [c.score for c in reward.score_group(members, reward.params(**params))]


@pytest.mark.parametrize(
    ("rights", "tokens", "expected"),
    [
        # open-r1's len_reward gives these numbers for the same lengths and correctness.
        ([1.0, 1.0, 0.0, 0.0], [100, 300, 100, 300], [0.5, -0.5, 0.0, -0.5]),
        ([1.0, 1.0, 1.0], [100, 200, 300], [0.5, 0.0, -0.5]),
        ([1.0, 0.0], [100, 100], [0.0, 0.0]),
        ([1.0, None, 1.0], [100, 900, 300], [0.5, None, -0.5]),
        ([1.0], [5], [0.0]),
    ],
)
def test_length_within_the_group(rights: list, tokens: list, expected: list):
    members = [member(right=r, tokens=t) for r, t in zip(rights, tokens, strict=True)]
    assert scores(groups.length_k15, members) == expected


def test_the_majority_is_of_mathematical_objects():
    texts = ["\\boxed{4}", "\\boxed{4.0}", "\\boxed{5}", "<think>no idea"]
    found = groups.majority.score_group([member(t) for t in texts], groups.MajorityParams())
    assert [c.score for c in found] == [1.0, 1.0, 0.0, 0.0]
    assert found[3].status is Status.NO_ANSWER


def test_copies_are_not_diverse():
    texts = ["one two three four", "one two three four", "five six seven eight"]
    assert scores(groups.diversity, [member(t) for t in texts]) == [0.5, 0.5, 1.0]
    assert scores(groups.diversity, [member("alone")]) == [1.0]


@pytest.mark.parametrize(
    ("rights", "k", "expected"), [([1, 0, 0, 0], 2, 0.5), ([0, 0], 1, 0.0), ([1, 1], 2, 1.0), ([1, 0], 1, 0.5)]
)
def test_pass_at_k(rights: list, k: int, expected: float):
    assert set(scores(groups.pass_at_k, [member(right=float(r)) for r in rights], k=k)) == {expected}


def test_pass_at_more_than_there_are_abstains():
    assert scores(groups.pass_at_k, [member(), member(right=None)], k=2) == [None, None]


def test_advantages():
    members = [member(reward=1.0), member(reward=0.0), member(reward=None)]
    assert scores(groups.advantage, members, divide_by_std=False) == [0.5, -0.5, None]
    grpo = scores(groups.advantage, members)
    assert grpo[0] == pytest.approx(0.5 / (0.5**0.5 + 1e-4))
    assert scores(groups.advantage, [member(reward=2.0)]) == [0.0]
    assert scores(groups.advantage, [member(reward=2.0)] * 3, epsilon=0.0) == [0.0] * 3
