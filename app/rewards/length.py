"""Is the completion as long as it should be?"""

from math import cos, pi

from pydantic import Field

from app.rewards import accuracy as accuracy_module
from app.rewards.base import Component, Params, Sample, abstain, reward
from app.rewards.tokens import Over, length_of
from app.status import Status


class DapoParams(Params):
    """Parameters of `length/dapo`."""

    max_tokens: int = Field(20_480, ge=1)
    """Longest completion, the cache included."""
    cache_tokens: int = Field(4_096, ge=1)
    """Stretch before the longest in which the penalty grows."""
    over: Over = "all"


@reward("length/dapo", version=1, params=DapoParams, bounds=(-1.0, 0.0))
def dapo(sample: Sample, params: DapoParams) -> Component:
    """Soft overlong punishment.

    Formula: 0 up to max - cache tokens, then ((max - cache) - tokens) / cache, and -1 beyond max. Range: [-1, 0].
    Source: DAPO (arXiv 2503.14476), equation 13; TRL, `trl/rewards/other_rewards.py`, `get_soft_overlong_punishment`;
    EasyR1, `examples/reward_function/dapo.py`. verl's reward manager has no floor of -1: its rollouts end at max.
    Example: max 20,480, cache 4,096, 18,432 tokens: -0.5.
    """
    length = length_of(sample, params.over)
    free = params.max_tokens - params.cache_tokens
    score = 0.0 if length.tokens <= free else max(-1.0, (free - length.tokens) / params.cache_tokens)
    return Component(-1.0 if length.tokens > params.max_tokens else score, evidence=length.evidence())


class CosineParams(Params):
    """Parameters of `length/cosine`."""

    max_tokens: float = Field(1000, gt=0)
    """open-r1 counts characters: give `meta.completion_tokens` accordingly for its numbers."""
    min_value_wrong: float = -1.0
    max_value_wrong: float = -0.5
    min_value_correct: float = 0.5
    max_value_correct: float = 1.0
    clip: bool = True
    """Past max_tokens the value stays; the source's cosine turns back there."""
    over: Over = "all"


@reward(
    "length/cosine",
    version=1,
    params=CosineParams,
    lane=accuracy_module.accuracy.lane,
    bounds=(-1.0, 1.0),
)
def cosine(sample: Sample, params: CosineParams) -> Component:
    """Right answers are better short, wrong ones better long, on a cosine.

    Formula: low + (high - low) · (1 + cos(pi · tokens / max)) / 2; a right answer goes from max_value_correct down to
    min_value_correct, a wrong one from min_value_wrong up to max_value_wrong. Abstains where `accuracy` does.
    Range: that of the four values.
    Source: open-r1, `src/open_r1/rewards.py`, `get_cosine_scaled_reward` (arXiv 2502.03373), which pays 1 for a
    reference that it can't read.
    Example: right at half of max_tokens: 0.75.
    """
    judged = accuracy_module.accuracy.score(sample, accuracy_module.AccuracyParams())
    if judged.score is None:
        return judged
    length = length_of(sample, params.over)
    progress = length.tokens / params.max_tokens
    if params.clip:
        progress = min(1.0, progress)
    right = judged.score >= 1.0
    low, high = (
        (params.min_value_correct, params.max_value_correct)
        if right
        else (params.max_value_wrong, params.min_value_wrong)
    )
    score = low + 0.5 * (high - low) * (1.0 + cos(progress * pi))
    return Component(score, evidence={**length.evidence(), "correct": right})


class L1Params(Params):
    """Parameters of `length/l1-exact` and `length/l1-max`."""

    target_tokens: int | None = Field(None, ge=1)
    """Length asked for; where unset the item's `meta.target_tokens`."""
    alpha: float = Field(0.0003, gt=0)
    """Price of a token."""
    delta: float = 0.5
    """`l1-max` alone: what a completion of exactly the budget keeps."""
    over: Over = "all"


def _target(sample: Sample, params: L1Params) -> float | None:
    given = params.target_tokens or sample.meta.get("target_tokens")
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) and given > 0 else None


_NO_TARGET = "no target length: give `target_tokens` in the parameters or the item's meta"


@reward("length/l1-exact", version=1, params=L1Params, bounds=(-1.0, 0.0))
def l1_exact(sample: Sample, params: L1Params) -> Component:
    """Distance from the length asked for; L1 adds it to the accuracy.

    Formula: max(-1, -alpha · |target - tokens|). Range: [-1, 0]; the bound is ours.
    Source: L1 (arXiv 2503.04697), LCPO-Exact, equation 1; its `math_reward.py`, `get_delta_score_linear`.
    Example: 1,000 tokens off: -0.3.
    """
    target = _target(sample, params)
    if target is None:
        return abstain(Status.BAD_REFERENCE, _NO_TARGET)
    length = length_of(sample, params.over)
    score = max(-1.0, -params.alpha * abs(target - length.tokens))
    return Component(score or 0.0, evidence={**length.evidence(), "target": target})


@reward("length/l1-max", version=1, params=L1Params, bounds=(0.0, 1.0))
def l1_max(sample: Sample, params: L1Params) -> Component:
    """How far the completion keeps within its budget; L1 multiplies the accuracy by it.

    Formula: clip(alpha · (target - tokens) + delta, 0, 1). Range: [0, 1].
    Source: L1 (arXiv 2503.04697), LCPO-Max, equation 2. Its code, `math_reward.py`, `get_delta_score_linear_both`,
    halves the
    slope: that is half its alpha here. Example: exactly the budget: 0.5.
    """
    target = _target(sample, params)
    if target is None:
        return abstain(Status.BAD_REFERENCE, _NO_TARGET)
    length = length_of(sample, params.over)
    score = min(1.0, max(0.0, params.alpha * (target - length.tokens) + params.delta))
    return Component(score, evidence={**length.evidence(), "target": target})
