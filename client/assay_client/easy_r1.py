"""EasyR1: a reward function of its batch form.

Read from EasyR1 at 2026-07-30 (verl/workers/reward/function.py): `compute_score(reward_inputs)` gets dicts with
`response` and `ground_truth`, and returns one with `overall` each; every key is averaged as a metric. An exception ends
the training.

    worker.reward.reward_function=/path/to/my_reward.py:compute_score

my_reward.py:

    from assay_client.easy_r1 import make
    REWARD_NAME, REWARD_TYPE = "assay", "batch"
    compute_score = make("easy-r1", "http://assay:8000")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay_client._models import Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, component_scores, numbers

COMPONENTS = ("format", "accuracy")


def make(
    rubric: Rubric | None = "easy-r1",
    url: str | Sequence[str] | None = None,
    *,
    on_abstain: OnAbstain = "mean",
    components: Sequence[str] = COMPONENTS,
    **scoring: Any,
) -> Callable[..., list[dict[str, float]]]:
    """A `compute_score`. Groups are told by their ground truth: EasyR1 passes nothing else of the sample."""
    checked_choice(on_abstain, "raise", "mean")
    made = Scoring(rubric, url, **scoring)

    def compute_score(reward_inputs: Sequence[Mapping[str, Any]], **_: Any) -> list[dict[str, float]]:
        items = [made.item(one["response"], one.get("ground_truth")) for one in reward_inputs]
        groups = [f"{one.get('ground_truth')!s:.200}" for one in reward_inputs]
        results = made.score(items, [None] * len(items))
        return [
            {
                "overall": value,
                **component_scores(result, components),
                "assay_abstained": float(result.reward is None),
            }
            for result, value in zip(results, numbers(results, groups, on_abstain), strict=True)
        ]

    return compute_score
