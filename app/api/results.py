"""From component scores to the response: one result an item, one row a group, the bill."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from app.queue.codec import ComponentScore
from app.queue.pending import Pending
from app.rewards.base import Component, Sample
from app.rubric import ABSTAIN_DETAIL, GroupItem, Rubric, group_stats, score_groups
from app.schemas import Item, OnAbstain
from app.status import Status


class ComponentOut(msgspec.Struct, frozen=True):
    """`schemas.ComponentResult`, encoded fast."""

    score: float | None
    status: Status
    evidence: dict[str, Any] | None
    elapsed_ms: float
    cached: bool


class ErrorOut(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """`schemas.ItemError`."""

    class_: Status
    detail: str


class ItemOut(msgspec.Struct, frozen=True):
    """`schemas.ItemResult`."""

    id: str
    reward: float | None
    components: dict[str, ComponentOut]
    error: ErrorOut | None


class GroupOut(msgspec.Struct, frozen=True):
    """`schemas.GroupResult`."""

    group: str
    size: int
    scored: int
    mean: float | None
    std: float | None
    pass_rate: float | None
    zero_variance: bool


class UsageOut(msgspec.Struct, frozen=True):
    """`schemas.Usage`."""

    items: int
    abstained: int
    cached: int
    queue_ms: float
    compute_ms: float
    elapsed_ms: float


class ResponseOut(msgspec.Struct, frozen=True):
    """`schemas.ScoreResponse`."""

    rubric: str
    results: list[ItemOut]
    groups: list[GroupOut]
    usage: UsageOut


class Label(NamedTuple):
    """What of an item is kept while it is scored: its text is in the queue."""

    id: str
    group: str | None


def labels_of(items: Sequence[Item]) -> list[Label]:
    return [Label(item.id if item.id is not None else str(n), item.group) for n, item in enumerate(items)]


class Tally:
    """Turns complete items into results, in any order, and sums them up."""

    def __init__(self, rubric: Rubric, labels: Sequence[Label], pending: Pending, on_abstain: OnAbstain | None) -> None:
        self._rubric = rubric
        self._labels = labels
        self._pending = pending
        self._on_abstain: OnAbstain | None = on_abstain
        self._names = rubric.names
        self._results: list[ItemOut | None] = [None] * len(labels)
        self.abstained = 0
        self.scored = 0
        self._cached = 0
        self._compute_us = 0

    def add(self, index: int, of_group: Sequence[Component] = ()) -> ItemOut:
        """The result of a complete item; `of_group` are the components that its group gave it."""
        scores = [*self.known(index), *(ComponentScore(c.score, c.status, dict(c.evidence), 0) for c in of_group)]
        outcome = self._rubric.combine([s.score for s in scores], self._on_abstain)
        error: ErrorOut | None = None
        if outcome.abstained is not None:
            self.abstained += 1
            error = _error(scores[outcome.abstained])
        else:
            self.scored += 1
        components: dict[str, ComponentOut] = {}
        for name, s in zip(self._names, scores, strict=True):
            self._compute_us += s.elapsed_us
            self._cached += s.cached
            components[name] = ComponentOut(s.score, s.status, s.evidence, s.elapsed_us / 1000, s.cached)
        result = ItemOut(self._labels[index].id, outcome.reward, components, error)
        self._results[index] = result
        return result

    def known(self, index: int) -> list[ComponentScore]:
        """The item's own component scores."""
        return [score for score in self._pending.scores[index] if score is not None]

    def grouped(self, samples: Sequence[Sample]) -> list[tuple[Component, ...]]:
        """What the rubric's group rewards say of each item, once all items are complete."""
        items = [
            GroupItem(label.group, sample, [Component(s.score, s.status, s.evidence or {}) for s in self.known(index)])
            for index, (label, sample) in enumerate(zip(self._labels, samples, strict=True))
        ]
        return score_groups(self._rubric, items)

    def results(self) -> list[ItemOut]:
        """All results, in the order of the items."""
        return [result for result in self._results if result is not None]

    def groups(self) -> list[GroupOut]:
        """Statistics of the groups, in the order of their first items."""
        members: dict[str, list[ItemOut]] = {}
        for label, result in zip(self._labels, self.results(), strict=True):
            if label.group is not None:
                members.setdefault(label.group, []).append(result)
        index = self._rubric.pass_index
        passing = None if index is None else self._names[index]
        return [
            GroupOut(
                group,
                *group_stats(
                    [r.reward if r.error is None else None for r in results],
                    [r.components[passing].score for r in results] if passing else [],
                ),
            )
            for group, results in members.items()
        ]

    def usage(self, elapsed_s: float) -> UsageOut:
        return UsageOut(
            len(self._labels),
            self.abstained,
            self._cached,
            round(self._pending.queue_ms, 3),
            self._compute_us / 1000,
            round(elapsed_s * 1000, 3),
        )


def _error(score: ComponentScore) -> ErrorOut:
    detail = (score.evidence or {}).get("detail")
    return ErrorOut(score.status, str(detail) if detail else ABSTAIN_DETAIL[score.status])
