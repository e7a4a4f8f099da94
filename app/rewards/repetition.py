"""Does the completion repeat itself?"""

import zlib
from itertools import islice
from typing import Any, Literal, cast

from pydantic import Field

from app.completion import Span
from app.rewards.base import Component, Params, Sample, abstain, reward
from app.rewards.prose import is_cjk
from app.status import Status

_ANCHOR_CHARS = 16
"""End of a text that must have stood before for the text to be in a loop; shorter ones recur in any prose."""


class NgramParams(Params):
    """Parameters of `repetition/ngram`."""

    n: int = Field(3, ge=1, le=64)
    """Words in a row."""
    max_penalty: float = Field(-1.0, le=0.0)
    """What a text of nothing but repetition gets, as open-r1 has it; at most 0."""
    unit: Literal["auto", "word", "char", "token"] = "auto"
    """`word` is open-r1's, `token` TRL's, of the item's `meta.completion_ids`. `auto` is words, and characters where
    most
    letters are CJK: splitting at spaces is blind there."""


@reward("repetition/ngram", version=2, params=NgramParams, bounds=(-1.0, 0.0))
def ngram(sample: Sample, params: NgramParams) -> Component:
    """Share of n-grams that have stood before, as a penalty.

    Formula: max_penalty · (1 - different n-grams / n-grams), in lower case, split at white space; 0 for fewer than n
    words. Range: [max_penalty, 0].
    Source: `get_repetition_penalty_reward` of open-r1 (`src/open_r1/rewards.py`, words; its Chinese is cut by jieba)
    and of TRL (`trl/rewards/other_rewards.py`, token ids), after arXiv 2502.03373, appendix C.2.
    Example: `a b a b a b` with n = 2: 2 of 5 are different: -0.6.
    """
    words = _units(sample, params.unit)
    if words is None:
        return abstain(Status.BAD_REFERENCE, "no tokens: give `completion_ids` in the item's meta")
    total = len(words) - params.n + 1
    if total < 1:
        return Component(0.0, evidence={"ngrams": 0})
    different = len(set(zip(*(islice(words, k, None) for k in range(params.n)), strict=False)))
    score = (1 - different / total) * params.max_penalty
    return Component(score or 0.0, evidence={"ngrams": total, "different": different})


def _units(sample: Sample, unit: str) -> Any:
    """What n-grams are made of, a sequence; None where the tokens are wanting."""
    if unit == "token":
        return _ids(sample.meta.get("completion_ids"))
    text = sample.completion.lower()
    if unit == "char" or (unit == "auto" and is_cjk(text)):
        return "".join(text.split())
    return text.split()


def _ids(given: Any) -> list[Any] | None:
    ids = cast("list[Any]", given) if isinstance(given, list) else [None]
    return ids if all(isinstance(one, int) for one in ids) else None


class LoopParams(Params):
    """Parameters of `repetition/loop`."""

    min_repeats: float = Field(3.0, ge=2.0)
    """So many times in a row make a loop."""
    min_chars: int = Field(64, ge=1)
    """Shorter ends are laughter, dots and rows of digits, no loops."""
    partial: bool = True
    """The penalty is the loop's share of the text; else -1."""


@reward("repetition/loop", version=1, params=LoopParams, bounds=(-1.0, 0.0))
def loop(sample: Sample, params: LoopParams) -> Component:
    """Endless repetition: how much of the text, or of a think block, is one piece over and over up to its end.

    Formula: -(characters of the longest suffix with a period) / characters, if the period stands `min_repeats` times.
    Range: [-1, 0]. Source: the endless repetition of R1-Zero that DeepSeek-R1's README tells of.
    Example: 100 characters of prose, then `I am. ` 50 times: -0.75.
    """
    text = sample.completion
    longest: tuple[int, int, int] | None = None
    for _, end in {Span(0, len(text.rstrip())), *sample.sections.think[-1:]}:
        found = _periodic_suffix(text, end)
        if found is None:
            continue
        length, period = found
        if (
            length >= params.min_chars
            and length >= period * params.min_repeats
            and (not longest or length > longest[1])
        ):
            longest = (end, length, period)
    if longest is None:
        return Component(0.0)
    end, length, period = longest
    evidence = {"span": [end - length, end], "period": period, "repeats": round(length / period, 1)}
    return Component(-length / len(text) if params.partial else -1.0, evidence=evidence)


def _periodic_suffix(text: str, end: int) -> tuple[int, int] | None:
    """Length and period of the longest suffix of `text[:end]` with the period that its end shows."""
    anchor = text[max(0, end - _ANCHOR_CHARS) : end]
    before = text.rfind(anchor, 0, end - 1) if len(anchor) == _ANCHOR_CHARS else -1
    if before < 0:
        return None
    period = end - _ANCHOR_CHARS - before
    # A suffix with the period has only shorter ones with it: the longest is found by halving, each step one compare.
    low, high = _ANCHOR_CHARS, end - period
    while low < high:
        middle = (low + high + 1) // 2
        if text[end - middle : end] == text[end - middle - period : end - period]:
            low = middle
        else:
            high = middle - 1
    return low + period, period


class CompressionParams(Params):
    """Parameters of `repetition/compression`."""

    threshold: float = Field(0.2, gt=0.0, le=1.0)
    """Prose compresses to 30-50 % of its size, a chain of thought with formulas to 25 %."""
    min_chars: int = Field(512, ge=1)
    """Short texts do not compress."""


@reward("repetition/compression", version=1, params=CompressionParams, bounds=(-1.0, 0.0))
def compression(sample: Sample, params: CompressionParams) -> Component:
    """How far the text compresses below what prose does.

    Formula: min(0, ratio / threshold - 1), ratio = size after zlib level 1 / size in UTF-8. Range: [-1, 0].
    Source: the gzip filters of pre-training corpora. Example: the same line 1,000 times: about -0.97.
    """
    raw = sample.completion.encode("utf-8", "replace")
    if len(sample.completion) < params.min_chars:
        return Component(0.0)
    ratio = len(zlib.compress(raw, 1)) / len(raw)
    return Component(min(0.0, ratio / params.threshold - 1.0), evidence={"ratio": round(ratio, 4)})
