"""Rewards that need all completions of a prompt: computed once a group, after the items' own rewards."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from math import comb, sqrt
from zlib import crc32

from pydantic import Field

from app.mathcheck import Extraction, check_answer, extract
from app.rewards.base import Component, Member, Params, abstain, group_reward
from app.rewards.tokens import Over, length_of
from app.status import Status

_SHINGLE_WORDS = 3
_SKETCH = 256
"""Shingles kept of a completion, those of least hash: enough to tell a likeness to some five points."""
_MAX_CLUSTERS = 64
"""Different answers that are compared with each other as mathematics; beyond, as text alone."""
_CORRECT = 1.0


class CorrectParams(Params):
    """Parameters of rewards that ask which completions are right."""

    correct: str = "accuracy"
    """The component that says whether a completion is right: 1."""


class LengthParams(CorrectParams):
    """Parameters of `group/length-k1.5`."""

    over: Over = "all"


def _judgement(member: Member, name: str) -> Component:
    found = member.components.get(name)
    return found if found is not None else abstain(Status.BAD_REFERENCE, f"the rubric has no component '{name}'")


@group_reward("group/length-k1.5", version=1, params=LengthParams, bounds=(-0.5, 0.5), reads_completions=True)
def length_k15(members: Sequence[Member], params: LengthParams) -> list[Component]:
    """Right completions are better short, compared with the group; wrong ones are never paid for it.

    Formula: l = 0.5 - (tokens - min) / (max - min); l if right, min(0, l) if wrong; 0 if all are equally long. Members
    whose correctness abstained abstain and are left out of min and max. Range: [-0.5, 0.5].
    Source: Kimi k1.5 (arXiv 2501.12599), section 2.3.3; open-r1, `src/open_r1/rewards.py`, `len_reward`, which counts
    characters.
    Example: the shortest right one of a group: 0.5, the longest: -0.5.
    """
    judged = [_judgement(member, params.correct) for member in members]
    lengths = [length_of(member.sample, params.over) for member in members]
    known = [length.tokens for length, one in zip(lengths, judged, strict=True) if one.score is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    scored: list[Component] = []
    for length, one in zip(lengths, judged, strict=True):
        if one.score is None:
            scored.append(one)
            continue
        value = 0.5 - (length.tokens - low) / (high - low) if high > low else 0.0
        score = value if one.score >= _CORRECT else min(0.0, value)
        scored.append(Component(score, evidence={**length.evidence(), "shortest": low, "longest": high}))
    return scored


class MajorityParams(Params):
    """Parameters of `group/majority`."""

    extracted_by: str = "accuracy"
    """Component whose evidence holds the extracted answer; where it has none the completion is read again."""


@group_reward("group/majority", version=1, params=MajorityParams, reads_completions=True)
def majority(members: Sequence[Member], params: MajorityParams) -> list[Component]:
    """1 if the completion's answer is the group's most frequent one, else 0: a reward without references.

    Answers are the same if they are the same mathematical object; the first of equally frequent ones counts.
    Range: {0, 1}; 0 with `no_answer` where there is none.
    Source: TTRL (arXiv 2504.16084), section 2; its `ttrl/ttt_metrics.py`, `test_time_train_metrics`, which votes by the
    answers' text.
    Example: answers 4, 4.0, 5: 1, 1, 0.
    """
    answers = [_answer(member, params.extracted_by) for member in members]
    leaders: dict[str, str] = {}
    clusters: list[str] = []
    for answer in answers:
        if answer is None or answer in leaders:
            continue
        same = next((one for one in clusters[:_MAX_CLUSTERS] if check_answer(answer, one).score == 1.0), None)
        leaders[answer] = answer if same is None else same
        if same is None:
            clusters.append(answer)
    votes = Counter(leaders[answer] for answer in answers if answer is not None)
    if not votes:
        return [Component(0.0, Status.NO_ANSWER, {"detail": "no answer was found"}) for _ in members]
    winner, count = votes.most_common(1)[0]
    scored: list[Component] = []
    for answer in answers:
        if answer is None:
            scored.append(Component(0.0, Status.NO_ANSWER, {"detail": "no answer was found"}))
        else:
            evidence = {"majority": winner, "share": round(count / len(members), 4)}
            scored.append(Component(float(leaders[answer] == winner), evidence=evidence))
    return scored


def _answer(member: Member, name: str) -> str | None:
    component = member.components.get(name)
    if component is not None and isinstance(component.evidence.get("extracted"), str):
        return component.evidence["extracted"]
    found = extract(member.sample.completion)
    return found.text if isinstance(found, Extraction) else None


class DiversityParams(Params):
    """Parameters of `group/diversity`: none."""


@group_reward("group/diversity", version=1, params=DiversityParams, reads_completions=True)
def diversity(members: Sequence[Member], params: DiversityParams) -> list[Component]:
    """How different the completion is from the rest of its group.

    Formula: 1 - mean Jaccard likeness of sets of 3 words in a row with each other member, from sketches of 256 hashes;
    1 for a group of one. Range: [0, 1]. Source: the deduplication of training corpora (Broder 1997).
    Example: two equal completions: 0 each.
    """
    sketches = [_sketch(member.sample.completion) for member in members]
    scored: list[Component] = []
    for index, own in enumerate(sketches):
        others = [_likeness(own, other) for n, other in enumerate(sketches) if n != index]
        likeness = sum(others) / len(others) if others else 0.0
        copies = sum(like == 1.0 for like in others)
        scored.append(Component(1.0 - likeness, evidence={"copies": copies}))
    return scored


def _sketch(text: str) -> frozenset[int]:
    words = unicodedata.normalize("NFKC", text).lower().split()
    count = max(1, len(words) - _SHINGLE_WORDS + 1)
    shingles = {
        crc32(" ".join(words[at : at + _SHINGLE_WORDS]).encode("utf-8", "surrogatepass")) for at in range(count)
    }
    return frozenset(sorted(shingles)[:_SKETCH])


def _likeness(left: frozenset[int], right: frozenset[int]) -> float:
    least = sorted(left | right)[:_SKETCH]
    return sum(one in left and one in right for one in least) / len(least)


class PassAtKParams(CorrectParams):
    """Parameters of `group/pass-at-k`."""

    k: int = Field(1, ge=1, le=65_536)


@group_reward("group/pass-at-k", version=1, params=PassAtKParams)
def pass_at_k(members: Sequence[Member], params: PassAtKParams) -> list[Component]:
    """Chance that at least one of k completions of the group is right, the same for all its members.

    Formula: 1 - C(n - c, k) / C(n, k) for n judged completions, c of them right; abstains where n < k. Range: [0, 1].
    Source: Codex (arXiv 2107.03374), equation 1; human-eval, `human_eval/evaluation.py`, `estimate_pass_at_k`.
    Example: n = 4, c = 1, k = 2: 0.5.
    """
    judged = [_judgement(member, params.correct).score for member in members]
    known = [score for score in judged if score is not None]
    right = sum(score >= _CORRECT for score in known)
    if len(known) < params.k:
        return [abstain(Status.BAD_REFERENCE, f"{len(known)} judged completions, k = {params.k}") for _ in members]
    score = chance_of_one_right(len(known), right, params.k)
    return [Component(score, evidence={"n": len(known), "c": right}) for _ in members]


class AdvantageParams(Params):
    """Parameters of `group/advantage`."""

    divide_by_std: bool = True
    """GRPO; without it Dr. GRPO."""
    ddof: int = Field(1, ge=0, le=1)
    """1: sample standard deviation, as torch and TRL have it."""
    epsilon: float = Field(1e-4, ge=0.0)
    """Added to the standard deviation, as TRL has it."""


@group_reward("group/advantage", version=1, params=AdvantageParams, bounds=(float("-inf"), float("inf")))
def advantage(members: Sequence[Member], params: AdvantageParams) -> list[Component]:
    """The item's reward from its own components, normalised in its group; give it weight 0 to have it reported alone.

    Formula: (r - mean) / (std + epsilon), or r - mean. Members without a reward abstain and are left out of mean and
    standard deviation; a group of one has 0. Range: unbounded.
    Source: GRPO (arXiv 2402.03300), section 4.1; Dr. GRPO (arXiv 2503.20783), section 3.2; verl,
    `verl/trainer/ppo/core_algos.py`, `compute_grpo_outcome_advantage` (epsilon 1e-6, and a group of one keeps its
    reward).
    Example: rewards 1, 0, without division: 0.5, -0.5.
    """
    known = [member.reward for member in members if member.reward is not None]
    mean = sum(known) / len(known) if known else 0.0
    spread = sum((reward - mean) ** 2 for reward in known)
    std = sqrt(spread / (len(known) - params.ddof)) if len(known) > params.ddof else 0.0
    divisor = std + params.epsilon if params.divide_by_std else 1.0
    scored: list[Component] = []
    for member in members:
        if member.reward is None:
            scored.append(abstain(Status.UNDECIDED, "the item has no reward"))
        else:
            value = (member.reward - mean) / divisor if divisor else 0.0
            scored.append(Component(value, evidence={"mean": mean, "std": std}))
    return scored


def chance_of_one_right(n: int, correct: int, k: int) -> float:
    """pass@k, unbiased: the chance that at least one of k of n samples is right. Needs k <= n."""
    return 1.0 - comb(n - correct, k) / comb(n, k)
