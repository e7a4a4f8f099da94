"""TRL: `GRPOTrainer(reward_funcs=[assay_client.trl.reward("r1", url)])`, and whatever takes functions of that form.

Read from TRL 1.16 (trl/trainer/grpo_trainer.py): the function gets prompts, completions and the data set's columns as
lists; None leaves a completion out of its group's baseline and gives it advantage 0. An exception ends `train()`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from assay_client._models import Result, Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, groups_of, numbers
from assay_client.sources import reference_column

_CHOICES = ("none", "raise", "mean")


class Reward:
    """A reward function for TRL; picklable. Make one with `reward`."""

    def __init__(self, scoring: Scoring, column: str | None, on_abstain: OnAbstain) -> None:
        self.__name__ = f"assay_{scoring.name}"
        self._scoring = scoring
        self._column = column
        self._on_abstain: OnAbstain = checked_choice(on_abstain, *_CHOICES)

    def __call__(
        self, prompts: Sequence[Any] | None = None, completions: Sequence[Any] = (), **columns: Any
    ) -> list[float | None]:
        """One reward a completion. Raises AssayError once the service has been away for longer than the deadline."""
        items, sources, groups = self._items(prompts, completions, columns)
        return self._rewards(self._scoring.score(items, sources), groups, columns)

    async def acall(
        self, prompts: Sequence[Any] | None = None, completions: Sequence[Any] = (), **columns: Any
    ) -> list[float | None]:
        """As a call, awaited."""
        items, sources, groups = self._items(prompts, completions, columns)
        return self._rewards(await self._scoring.ascore(items, sources), groups, columns)

    def _items(
        self, prompts: Sequence[Any] | None, completions: Sequence[Any], columns: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], list[str | None], list[str]]:
        asked = prompts if prompts is not None else [""] * len(completions)
        answers = reference_column(columns, self._column) or [None] * len(completions)
        sources = columns.get("data_source") or [None] * len(completions)
        languages = columns.get("language") or [None] * len(completions)
        groups = groups_of(asked)
        item = self._scoring.item
        items = [
            item(completion, answer, prompt, source, group=group, language=language)
            for completion, answer, prompt, source, group, language in zip(
                completions, answers, asked, sources, groups, languages, strict=True
            )
        ]
        return items, list(sources), groups

    def _rewards(
        self, results: Sequence[Result], groups: Sequence[str], columns: Mapping[str, Any]
    ) -> list[float | None]:
        log = columns.get("log_metric")
        if log is not None:
            for name, value in metrics(results).items():
                log(name, value)
        if self._on_abstain == "none":
            return [result.reward for result in results]
        return list(numbers(results, groups, self._on_abstain))


def reward(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    column: str | None = None,
    on_abstain: OnAbstain = "none",
    **scoring: Any,
) -> Reward:
    """A reward function by one of Assay's rubrics.

    `column`: the data set's column with the references; else the first of `reference`, `solution`, `answer`,
    `ground_truth`, … that there is. `scoring`: `kind` (of the references, `math` if nothing says otherwise), `sources`
    (table by the column `data_source`), `deadline_s` (600), `patience_s`, `api_key`.
    """
    return Reward(Scoring(rubric, url, **scoring), column, on_abstain)


def async_reward(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    column: str | None = None,
    on_abstain: OnAbstain = "none",
    **scoring: Any,
) -> Callable[..., Coroutine[Any, Any, list[float | None]]]:
    """As `reward`, a coroutine function: TRL awaits it together with the other async rewards."""
    made = reward(rubric, url, column=column, on_abstain=on_abstain, **scoring)

    async def scored(**arguments: Any) -> list[float | None]:
        return await made.acall(**arguments)

    scored.__name__ = made.__name__
    return scored


def metrics(results: Sequence[Result]) -> dict[str, float]:
    """Means of the components over those that have a score, and the share of items that abstained.

    The names are the same for every batch, a mean of nothing is NaN: TRL gathers metrics by name from all ranks, and a
    rank that left one out would hang the others.
    """
    found: dict[str, float] = {}
    for name in sorted({name for result in results for name in result.components}):
        scores = [result.components[name].score for result in results if name in result.components]
        known = [score for score in scores if score is not None]
        found[f"assay/{name}"] = math.fsum(known) / len(known) if known else math.nan
    found["assay/abstained"] = sum(result.reward is None for result in results) / max(1, len(results))
    return found
