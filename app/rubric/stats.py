"""Statistics of a group of completions."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

_EQUAL_REWARDS = 1e-9
"""Rewards are sums of a few floats: closer than this is equal."""


class GroupStats(NamedTuple):
    """Statistics over the rewards of one group; abstentions are counted in `size` alone."""

    size: int
    scored: int
    mean: float | None
    std: float | None
    pass_rate: float | None
    zero_variance: bool


def group_stats(rewards: Sequence[float | None], passes: Sequence[float | None]) -> GroupStats:
    """Mean and population standard deviation of a group's rewards, and the share of passes among scored ones.

    `passes` are the accuracy scores of the same items, None where abstained; empty without such a component.
    """
    if len(rewards) == 1:
        return _of_one(rewards[0], passes[0] if passes else None)
    scored = [r for r in rewards if r is not None]
    judged = [p for p in passes if p is not None]
    pass_rate = sum([p >= 1.0 for p in judged]) / len(judged) if judged else None
    if not scored:
        return GroupStats(len(rewards), 0, None, None, pass_rate, False)
    mean = sum(scored) / len(scored)
    std = sqrt(sum([(r - mean) ** 2 for r in scored]) / len(scored))
    flat = max(scored) - min(scored) <= _EQUAL_REWARDS
    return GroupStats(len(rewards), len(scored), mean, 0.0 if flat else std, pass_rate, flat)


def _of_one(reward: float | None, judged: float | None) -> GroupStats:
    """The same of a group of one; every request of a single item has such a group."""
    pass_rate = None if judged is None else float(judged >= 1.0)
    if reward is None:
        return GroupStats(1, 0, None, None, pass_rate, False)
    return GroupStats(1, 1, reward, 0.0, pass_rate, True)
