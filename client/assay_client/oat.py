"""oat: an oracle with references, in place of its remote one, which sends none.

Read from oat at 2025-10-31 (oat/oracles): `get_reward(inputs, responses, references)` returns a tensor and metrics;
`compare` returns the rewards of the first candidates, for evaluation. An exception ends the actor.

    oracle = assay_client.oat.Oracle("r1", "http://assay:8000")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay_client._models import Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, groups_of, numbers
from assay_client.trl import metrics


class Oracle:
    """Has the shape of oat's RewardOracleBase and PreferenceOracleBase."""

    def __init__(
        self,
        rubric: Rubric | None = None,
        url: str | Sequence[str] | None = None,
        *,
        on_abstain: OnAbstain = "mean",
        **scoring: Any,
    ) -> None:
        """`scoring`: as of `assay_client.trl.reward`."""
        self._scoring = Scoring(rubric, url, **scoring)
        self._on_abstain: OnAbstain = checked_choice(on_abstain, "raise", "mean")

    def get_reward(
        self, inputs: Sequence[str], responses: Sequence[str], references: Sequence[Any], batch_size: int = 4
    ) -> tuple[Any, dict[str, float]]:
        """A tensor of rewards, and the means of the components. Raises AssayError."""
        import torch  # pyright: ignore[reportMissingImports]

        rewards, found = self._score(inputs, responses, references)
        return torch.tensor(rewards), found  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def compare(
        self,
        inputs: Sequence[str],
        candidates_A: Sequence[str],
        candidates_B: Sequence[Any],
        batch_size: int = 4,
        return_probs: bool = False,
        disable_tqdm: bool = False,
    ) -> tuple[list[float], dict[str, float]]:
        """Rewards of the first candidates; the second are their references, as oat's evaluation passes them."""
        return self._score(inputs, candidates_A, candidates_B)

    def _score(
        self, inputs: Sequence[str], responses: Sequence[str], references: Sequence[Any]
    ) -> tuple[list[float], dict[str, float]]:
        groups = groups_of(inputs)
        items = [
            {**self._scoring.item(response, reference, prompt), "group": group}
            for prompt, response, reference, group in zip(inputs, responses, references, groups, strict=True)
        ]
        results = self._scoring.score(items, [None] * len(items))
        return numbers(results, groups, self._on_abstain), metrics(results)
