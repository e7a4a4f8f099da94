"""How good a model is at a set of questions, from a scored run of its samples."""

from typing import Any, NamedTuple

import msgspec

from app.offline.passk import Interval, bootstrap, ks, pass_at_k
from app.offline.report.stats import Run
from app.rubric import PASS_COMPONENT


class Evaluation(NamedTuple):
    """pass@k over the questions that have k scored samples."""

    questions: int
    samples: int
    abstained: int
    pass_at: dict[int, Interval]
    cut_off: int
    """Samples that ended at the token limit."""
    mean_tokens: float | None

    def as_json(self) -> dict[str, Any]:
        return {**self._asdict(), "pass_at": {str(k): i._asdict() for k, i in self.pass_at.items()}}


def evaluate(run: Run, seed: int = 0) -> Evaluation:
    """pass@1, pass@2, pass@4 … with 95 % bootstrap intervals over questions."""
    groups, scores, metas = run.columns("group", PASS_COMPONENT, "meta")
    counts: dict[str, list[int]] = {}
    tokens: list[int] = []
    abstained = cut = 0
    for group, score, meta in zip(groups, scores, metas, strict=True):
        about: dict[str, Any] = msgspec.json.decode(meta) if meta else {}
        cut += about.get("finish_reason") == "length"
        if about.get("completion_tokens"):
            tokens.append(int(about["completion_tokens"]))
        if score is None:
            abstained += 1
            continue
        count = counts.setdefault(group, [0, 0])
        count[0] += 1
        count[1] += score >= 1.0
    found: dict[int, Interval] = {}
    for k in ks(max((n for n, _ in counts.values()), default=0)):
        able = [pass_at_k(n, right, k) for n, right in counts.values() if n >= k]
        found[k] = bootstrap(able, seed)
    mean = sum(tokens) / len(tokens) if tokens else None
    return Evaluation(len(counts), len(groups), abstained, found, cut, mean)
