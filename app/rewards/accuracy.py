"""Is the final answer right?"""

from app.mathcheck import check
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
    verdict = check(sample.completion, sample.reference["answer"])
    evidence = {"detail": verdict.detail, "certificate": verdict.certificate}
    if verdict.extracted is not None:
        found = verdict.extracted
        evidence |= {"extracted": found.text, "source": found.source, "span": [found.start, found.end]}
    return Component(verdict.score, verdict.status, {name: value for name, value in evidence.items() if value})
