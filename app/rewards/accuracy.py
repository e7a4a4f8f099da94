"""Is the final answer right?"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from app.rewards.base import CPU_LANE, Component, Params, Sample, abstain, reward
from app.rewards.checkers import base as checkers
from app.status import Fault, Status


class AccuracyParams(Params):
    """Parameters of `accuracy`."""

    policy: Mapping[str, Any] = Field(default_factory=dict[str, Any])
    """What counts as an answer and as equal, for the reference's kind; an item's `reference.policy` goes over it."""


def _lane(kind: str) -> str:
    checker = checkers.get(kind)
    return checker.lane if checker else CPU_LANE


@reward("accuracy", version=3, params=AccuracyParams, lane=_lane)
def accuracy(sample: Sample, params: AccuracyParams) -> Component:
    """1 if the completion's final answer is the reference, else 0; a share where the policy asks for one.

    `reference.kind` says how they are compared: `math`, `choice`, `text`, `json`, `list`, `set`, `puzzle`, and what
    plugins add. Evidence: the extracted text, its source and span, and the certificate of the comparison.
    Range: [0, 1]. Source: DeepSeek-R1 (arXiv 2501.12948v1), section 2.2.2, accuracy rewards.
    Example: `The answer is \\boxed{0.5}`, reference `\\frac12`: 1.
    """
    kind: str = sample.reference["kind"]
    checker = checkers.get(kind)
    if checker is None:
        known = ", ".join(checkers.kinds())
        return abstain(Status.BAD_REFERENCE, f"accuracy can't compare with a reference of kind '{kind}', only {known}")
    own: Any = sample.reference.get("policy") or {}
    if not isinstance(own, Mapping):
        return abstain(Status.BAD_REFERENCE, "the reference's policy is no object")
    try:
        return checker.check(sample, {**params.policy, **own})
    except checkers.BadPolicy as error:
        return abstain(Status.BAD_REFERENCE, str(error))


class LevelsParams(AccuracyParams):
    """Parameters of `accuracy/levels`."""

    right: float = 2.0
    wrong: float = -1.5
    unread: float = -2.0
    """What a completion gets in which no answer can be read."""


@reward("accuracy/levels", version=1, params=LevelsParams, lane=_lane, bounds=(-2.0, 2.0))
def levels(sample: Sample, params: LevelsParams) -> Component:
    """Three rewards for three ends: the answer is right, it is wrong, or there is none that can be read.

    Formula: `right` where `accuracy` is 1, `unread` where it is 0 for the model's fault (`no_answer`, `unparsable`, …),
    else `wrong`. Abstains where `accuracy` does. Range: that of the three values.
    Source: Logic-RL (arXiv 2502.14768), `verl/utils/reward_score/kk.py`, `compute_score`.
    Example: no answer in the completion: -2.
    """
    judged = accuracy.score(sample, AccuracyParams(policy=params.policy))
    if judged.score is None:
        return judged
    if judged.score >= 1.0:
        value = params.right
    else:
        value = params.unread if judged.status.fault is Fault.MODEL else params.wrong
    return Component(value, judged.status, judged.evidence)
