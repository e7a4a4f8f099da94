"""Is the final answer right?"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from app.rewards.base import CPU_LANE, Component, Params, Sample, abstain, reward
from app.rewards.checkers import base as checkers
from app.status import Status


class AccuracyParams(Params):
    """Parameters of `accuracy`."""

    policy: Mapping[str, Any] = Field(default_factory=dict[str, Any])
    """What counts as an answer and as equal, for the reference's kind; an item's `reference.policy` goes over it."""


def _lane(kind: str) -> str:
    checker = checkers.get(kind)
    return checker.lane if checker else CPU_LANE


@reward("accuracy", version=2, params=AccuracyParams, lane=_lane)
def accuracy(sample: Sample, params: AccuracyParams) -> Component:
    """1 if the completion's final answer is the reference, else 0; a share where the policy asks for one.

    `reference.kind` says how they are compared: `math`, `choice`, `text`, `json`, `list`, `set`, `puzzle`, and what
    plugins add. Evidence: the extracted text, its source and span, and the certificate of the comparison.
    Range: [0, 1]. Source: DeepSeek-R1 (arXiv 2501.12948), section 2.2.2, accuracy rewards.
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
