"""OpenRLHF: a reward function for `--reward.remote_url file.py` (`--remote_rm_url` before 0.11).

Read from OpenRLHF 0.11.2 (openrlhf/utils/agent.py): `reward_func(queries, prompts, labels)` in a thread, one sample a
call; a query is prompt and response with special tokens. An exception is logged and the sample has no reward, which
stops the run when the experience is made.

The file:

    from assay_client.openrlhf import reward
    reward_func = reward("r1", "http://assay:8000", on_abstain=0.0)

Without a file, the URL of the service itself: `http://assay:8000/get_reward?rubric=r1`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assay_client._models import Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, numbers
from assay_client.texts import completion_of


def reward(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    on_abstain: OnAbstain = "raise",
    **scoring: Any,
) -> Callable[[Sequence[str], Sequence[str], Sequence[Any]], dict[str, Any]]:
    """A `reward_func`. `scoring`: as of `assay_client.trl.reward`. Calls from many threads share requests."""
    checked_choice(on_abstain, "raise")
    made = Scoring(rubric, url, **scoring)

    def reward_func(queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any]) -> dict[str, Any]:
        items = [
            made.item(completion_of(query, prompt), label, prompt)
            for query, prompt, label in zip(queries, prompts, labels, strict=True)
        ]
        results = [made.one(items[0], None)] if len(items) == 1 else made.score(items, [None] * len(items))
        rewards = numbers(results, [""] * len(results), on_abstain)
        logs = {"assay_abstained": [float(result.reward is None) for result in results]}
        return {"rewards": rewards, "scores": rewards, "extra_logs": logs}

    return reward_func
