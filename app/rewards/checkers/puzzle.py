"""Logic tasks of reasoning-gym, by that library's own scorer; an optional extra."""

import importlib
from collections.abc import Mapping
from typing import Any

from app.mathcheck import NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.base import checker, judged, no_answer, stated
from app.status import Status


@checker("puzzle")
def puzzle(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """What reasoning-gym's scorer of the task `dataset` gives for the answer; `entry` is the task's item, whole.

    Range: [0, 1]. Abstains with `error` where reasoning-gym is not installed. Source: reasoning-gym, `score_answer`.
    """
    dataset, entry = sample.reference.get("dataset"), sample.reference.get("entry")
    if not isinstance(dataset, str) or not isinstance(entry, Mapping):
        return abstain(Status.BAD_REFERENCE, "a puzzle reference has `dataset` and `entry`")
    try:
        library: Any = importlib.import_module("reasoning_gym")
    except ImportError:
        return abstain(Status.ERROR, "puzzles need reasoning-gym: pip install assay[puzzle]")
    try:
        score_answer = library.get_score_answer_fn(dataset)
    except (ValueError, KeyError):
        return abstain(Status.BAD_REFERENCE, f"reasoning-gym has no dataset '{dataset}'")
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    return judged(float(score_answer(answer=found.text, entry=dict(entry))), found, "reasoning-gym")  # pyright: ignore[reportUnknownArgumentType]
