"""verl: a custom reward function, for its reward loop and for its batch reward manager.

Read from verl 0.9.1 (verl/experimental/reward_loop, verl/workers/reward_manager): a function gets one sample, or all in
lists for the batch manager, and returns a number or a dict with `score`; the keys of sample 0 are read from all, as
numbers. An exception ends the training.

    reward.custom_reward_function.path=pkg://assay_client.verl
    reward.custom_reward_function.name=compute_score
    +reward.custom_reward_function.reward_kwargs.url=http://assay:8000
    +reward.custom_reward_function.reward_kwargs.on_abstain=0.0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay_client._config import TRAINING_DEADLINE_S
from assay_client._models import Result
from assay_client._scoring import (
    OnAbstain,
    Scoring,
    checked_choice,
    component_scores,
    metadata,
    numbers,
    shared_scoring,
)

COMPONENTS = ("accuracy", "format", "language")
"""Keys beside the score: the same for every sample, whatever rubric it has."""


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Any = None,
    *,
    rubric: str | None = None,
    url: str | None = None,
    kind: str | None = None,
    on_abstain: OnAbstain = "raise",
    deadline_s: float = TRAINING_DEADLINE_S,
    components: Sequence[str] = COMPONENTS,
    **_: Any,
) -> dict[str, float]:
    """Score one sample; those that verl asks for at the same time share requests.

    `rubric` and `kind` of the reference are looked up by `data_source` where unset. Returns `score`, `acc`,
    `assay_abstained` (0 or 1) and one key a component (NaN where it has no score). Raises AssayError.
    """
    scoring = shared_scoring(rubric, url, kind, deadline_s)
    result = await scoring.aone(_item(scoring, data_source, solution_str, ground_truth, extra_info), data_source)
    return _answer(result, on_abstain, components)


def compute_score_sync(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Any = None,
    *,
    rubric: str | None = None,
    url: str | None = None,
    kind: str | None = None,
    on_abstain: OnAbstain = "raise",
    deadline_s: float = TRAINING_DEADLINE_S,
    components: Sequence[str] = COMPONENTS,
    **_: Any,
) -> dict[str, float]:
    """As `compute_score`, for managers that call from threads or processes."""
    scoring = shared_scoring(rubric, url, kind, deadline_s)
    result = scoring.one(_item(scoring, data_source, solution_str, ground_truth, extra_info), data_source)
    return _answer(result, on_abstain, components)


def compute_score_batch(
    data_sources: Sequence[str],
    solution_strs: Sequence[str],
    ground_truths: Sequence[Any],
    extra_infos: Sequence[Any] | None = None,
    *,
    rubric: str | None = None,
    url: str | None = None,
    kind: str | None = None,
    on_abstain: OnAbstain = "mean",
    deadline_s: float = TRAINING_DEADLINE_S,
    components: Sequence[str] = COMPONENTS,
    **_: Any,
) -> list[dict[str, float]]:
    """Score a batch, for the manager `batch`. Groups are told by `extra_info["index"]`, else by the ground truth.

    An abstention gets its group's mean unless `on_abstain` says otherwise, and 1 under `assay_abstained`.
    """
    checked_choice(on_abstain, "raise", "mean")
    scoring = shared_scoring(rubric, url, kind, deadline_s)
    infos = [metadata(info) for info in (extra_infos if extra_infos is not None else [None] * len(solution_strs))]
    groups = [
        f"{source}/{info.get('index', truth)!s:.200}"
        for source, info, truth in zip(data_sources, infos, ground_truths, strict=True)
    ]
    items = [
        {**_item(scoring, source, solution, truth, info), "group": group}
        for source, solution, truth, info, group in zip(
            data_sources, solution_strs, ground_truths, infos, groups, strict=True
        )
    ]
    results = scoring.score(items, [str(source) for source in data_sources])
    rewards = numbers(results, groups, on_abstain)
    return [_keys(result, value, components) for result, value in zip(results, rewards, strict=True)]


def _item(scoring: Scoring, source: str, solution: str, truth: Any, extra_info: Any) -> dict[str, Any]:
    info = metadata(extra_info)
    return scoring.item(solution, truth, info.get("question", ""), source, language=info.get("language"))


def _answer(result: Result, on_abstain: OnAbstain, components: Sequence[str]) -> dict[str, float]:
    checked_choice(on_abstain, "raise")
    return _keys(result, numbers([result], [""], on_abstain)[0], components)


def _keys(result: Result, value: float, components: Sequence[str]) -> dict[str, float]:
    scores = component_scores(result, components)
    known = component_scores(result, ["accuracy"])["accuracy"]
    accuracy = value if known != known else known
    return {"score": value, "acc": accuracy, "assay_abstained": float(result.reward is None), **scores}
