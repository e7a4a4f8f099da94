"""Is the final answer right?"""

from app.rewards.base import Component, Params, Sample, abstain, reward
from app.status import Status


class AccuracyParams(Params):
    """Parameters of `accuracy`."""


@reward("accuracy", version=1, params=AccuracyParams)
def accuracy(sample: Sample, params: AccuracyParams) -> Component:
    """1 if the completion's final answer is the reference, else 0.

    `reference.kind` says how they are compared: `math`, by `app.mathcheck`.
    Range: {0, 1}. Source: DeepSeek-R1 (arXiv 2501.12948), section 2.2.2, accuracy rewards.
    """
    kind = sample.reference["kind"]
    if kind != "math":
        return abstain(Status.BAD_REFERENCE, f"accuracy can't compare with a reference of kind '{kind}'")
    return Component(0.0)
