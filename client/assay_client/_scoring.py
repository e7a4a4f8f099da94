"""What the adapters share: one configured way of scoring, that can be pickled, blocks or awaits."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from assay_client._client import AsyncClient, Client
from assay_client._config import TRAINING_DEADLINE_S
from assay_client._errors import Abstained
from assay_client._models import Item, Result, Rubric
from assay_client.sources import Sources, Table, reference_of
from assay_client.texts import spoken

OnAbstain = Literal["none", "raise", "mean"] | float
"""`mean`: that of the group's scored items, which then has no advantage under GRPO and moves no other's."""


class Scoring:
    """Where, by what rubric, and what an abstention becomes."""

    def __init__(
        self,
        rubric: Rubric | None = None,
        url: str | Sequence[str] | None = None,
        *,
        kind: str | None = None,
        sources: Table | None = None,
        deadline_s: float = TRAINING_DEADLINE_S,
        patience_s: float | None = None,
        api_key: str | None = None,
    ) -> None:
        """`rubric` and `kind` (of the references) hold for all; where unset, the table of sources decides."""
        self._rubric = rubric
        self._kind = kind
        self._sources = Sources(sources)
        self.client = Client(url, api_key=api_key, deadline_s=deadline_s, patience_s=patience_s)
        self.aclient = AsyncClient(url, api_key=api_key, deadline_s=deadline_s, patience_s=patience_s)

    @property
    def name(self) -> str:
        """A name for logs."""
        return self._rubric if isinstance(self._rubric, str) else str((self._rubric or {}).get("name", "assay"))

    def rubric_for(self, source: str | None) -> Rubric:
        return self._rubric if self._rubric is not None else self._sources.find(source).rubric

    def item(
        self, completion: Any, answer: Any, prompt: Any = "", source: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """An item of `/v1/score`; fields of `more` that are None are left out."""
        kind = self._kind if self._kind is not None else self._sources.find(source).kind
        item = {"completion": spoken(completion), "prompt": spoken(prompt), "reference": reference_of(answer, kind)}
        item.update((name, value) for name, value in more.items() if value is not None)
        return item

    def score(self, items: Sequence[Item], sources: Sequence[str | None]) -> list[Result]:
        """Results in order; one request for each rubric that the sources ask for."""
        results: list[Result | None] = [None] * len(items)
        for batch in self._batches(items, sources):
            scored = self.client.score(batch.items, batch.rubric, evidence="none")
            for position, result in zip(batch.positions, scored.results, strict=True):
                results[position] = result
        return [result for result in results if result is not None]

    async def ascore(self, items: Sequence[Item], sources: Sequence[str | None]) -> list[Result]:
        """As `score`."""
        import asyncio

        batches = self._batches(items, sources)
        scored = await asyncio.gather(
            *(self.aclient.score(batch.items, batch.rubric, evidence="none") for batch in batches)
        )
        placed = {
            position: result
            for batch, answer in zip(batches, scored, strict=True)
            for position, result in zip(batch.positions, answer.results, strict=True)
        }
        return [placed[position] for position in range(len(items))]

    def one(self, item: Item, source: str | None) -> Result:
        return self.client.score_one(item, self.rubric_for(source), evidence="none")

    async def aone(self, item: Item, source: str | None) -> Result:
        return await self.aclient.score_one(item, self.rubric_for(source), evidence="none")

    def _batches(self, items: Sequence[Item], sources: Sequence[str | None]) -> list[_Batch]:
        if self._rubric is not None:
            return [_Batch(self._rubric, list(range(len(items))), list(items))]
        batches: dict[str, _Batch] = {}
        for position, (item, source) in enumerate(zip(items, sources, strict=True)):
            rubric = self._sources.find(source).rubric
            batch = batches.setdefault(rubric, _Batch(rubric, [], []))
            batch.positions.append(position)
            batch.items.append(item)
        return list(batches.values())


class _Batch(NamedTuple):
    rubric: Rubric
    positions: list[int]
    items: list[Item]


@lru_cache(maxsize=64)
def shared_scoring(rubric: str | None, url: str | None, kind: str | None, deadline_s: float) -> Scoring:
    """For module-level functions that a trainer calls with the same settings each time."""
    return Scoring(rubric, url, kind=kind, deadline_s=deadline_s)


def numbers(results: Sequence[Result], groups: Sequence[Hashable], on_abstain: OnAbstain) -> list[float]:
    """A number an item, for trainers that know nothing else. Raises Abstained if that is the choice, or if there is
    nothing to take a mean of.
    """
    if on_abstain == "none":
        raise ValueError("on_abstain: this trainer takes numbers only: 'raise', 'mean', or a value")
    abstained = [result for result in results if result.reward is None]
    if abstained and (on_abstain == "raise" or (on_abstain == "mean" and len(abstained) == len(results))):
        raise Abstained(abstained)
    if not isinstance(on_abstain, str):
        return [float(on_abstain) if result.reward is None else result.reward for result in results]
    known: dict[Hashable, list[float]] = {}
    for result, group in zip(results, groups, strict=True):
        if result.reward is not None:
            known.setdefault(group, []).append(result.reward)
    overall = [reward for rewards in known.values() for reward in rewards]
    means = {group: math.fsum(rewards) / len(rewards) for group, rewards in known.items()}
    neutral = math.fsum(overall) / len(overall) if overall else 0.0
    return [
        means.get(group, neutral) if result.reward is None else result.reward
        for result, group in zip(results, groups, strict=True)
    ]


def component_scores(result: Result, names: Sequence[str]) -> dict[str, float]:
    """Scores of named components; NaN where one abstained or the rubric has none of that name."""
    found: dict[str, float] = {}
    for name in names:
        component = result.components.get(name)
        found[name] = math.nan if component is None or component.score is None else component.score
    return found


def groups_of(prompts: Sequence[Any]) -> list[str]:
    """A group's name for each prompt: equal prompts are one group."""
    numbers_of: dict[Hashable, int] = {}
    return [
        str(numbers_of.setdefault(prompt if isinstance(prompt, str) else repr(prompt), len(numbers_of)))
        for prompt in prompts
    ]


def checked_choice(on_abstain: OnAbstain, *allowed: str) -> OnAbstain:
    """The choice, if it is one that the trainer can live with. Raises ValueError."""
    if isinstance(on_abstain, str) and on_abstain not in allowed:
        raise ValueError(f"on_abstain: {', '.join(map(repr, allowed))} or a number, not {on_abstain!r}")
    return on_abstain


def metadata(value: Any) -> Mapping[str, Any]:
    """A mapping that a trainer passes beside its samples; anything else counts as none."""
    return value if isinstance(value, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]
