"""pass@k and its uncertainty."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from app.rewards.groups import chance_of_one_right

_RESAMPLES = 1000


class Interval(NamedTuple):
    """A mean with the bounds of its 95 % bootstrap interval over questions."""

    mean: float
    low: float
    high: float


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Chance that at least one of `k` of the `n` samples is right; unbiased.

    Formula: 1 - C(n - c, k) / C(n, k). Source: Chen et al., Evaluating Large Language Models Trained on Code
    (arXiv 2107.03374), section 2.1. Raises ValueError for k > n.
    """
    if not 0 < k <= n or not 0 <= correct <= n:
        raise ValueError(f"pass@{k} of {n} samples, {correct} right")
    return chance_of_one_right(n, correct, k)


def ks(largest: int) -> list[int]:
    """The powers of two up to the number of samples, and that number."""
    found = [1 << i for i in range(largest.bit_length()) if 1 << i <= largest]
    return found if not largest or largest in found else [*found, largest]


def bootstrap(values: Sequence[float], seed: int = 0) -> Interval:
    """Mean over questions with its 95 % interval, resampling questions. Raises ValueError on no values."""
    if not values:
        raise ValueError("no values")
    mean = sum(values) / len(values)
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(_RESAMPLES))
    return Interval(mean, means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1])
