"""Mathematical objects, by `app.mathcheck`."""

from collections.abc import Mapping
from typing import Any

from app.mathcheck import DEFAULT_POLICY, Policy, PolicyError, check, read_policy
from app.rewards.base import Component, Sample
from app.rewards.checkers.base import BadPolicy, checker


@checker("math")
def math(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if the answer is the same mathematical object as `answer`. Policy: the fields of `app.mathcheck.Policy`."""
    verdict = check(sample.completion, sample.reference["answer"], _policy(policy))
    evidence: dict[str, Any] = {"detail": verdict.detail, "certificate": verdict.certificate}
    if verdict.extracted is not None:
        found = verdict.extracted
        evidence |= {"extracted": found.text, "source": found.source, "span": [found.start, found.end]}
    return Component(verdict.score, verdict.status, {name: value for name, value in evidence.items() if value})


def _policy(policy: Mapping[str, Any]) -> Policy:
    try:
        return read_policy(policy) if policy else DEFAULT_POLICY
    except PolicyError as error:
        raise BadPolicy(str(error)) from None
