"""From component scores to the response: one result an item, one row a group, the bill."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from app.api.bodies import Media
from app.api.items import ItemIn
from app.queue.codec import ComponentScore
from app.queue.pending import Pending
from app.rewards.base import Component, Sample
from app.rubric import ABSTAIN_DETAIL, GroupItem, Rubric, group_stats, score_groups
from app.schemas import OnAbstain
from app.status import Status

_NULL = msgspec.Raw(b"null")
_object_of = msgspec.json.Decoder(dict[str, Any] | None).decode


class ComponentOut(msgspec.Struct, frozen=True):
    """`schemas.ComponentResult`, encoded fast."""

    score: float | None
    status: Status
    evidence: msgspec.Raw
    """JSON, an object or null."""
    elapsed_ms: float
    cached: bool

    @classmethod
    def of(cls, score: ComponentScore) -> "ComponentOut":
        """What a response says of a component."""
        evidence = _NULL if score.evidence_json is None else msgspec.Raw(score.evidence_json)
        return cls(score.score, score.status, evidence, score.elapsed_us / 1000, score.cached)

    def decoded_evidence(self) -> dict[str, Any]:
        """Empty where there is none."""
        return _object_of(self.evidence) or {}


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


def item_encoder(media: Media) -> Callable[[ItemOut | dict[str, Any]], bytes]:
    """Encodes results, whose evidence is JSON already."""
    return _as_msgpack if media is Media.MSGPACK else msgspec.json.encode


def _as_msgpack(result: ItemOut | dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode(msgspec.json.decode(msgspec.json.encode(result)))


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
    """`schemas.ScoreResponse`; each result encoded already."""

    rubric: str
    results: list[msgspec.Raw]
    groups: list[GroupOut]
    usage: UsageOut


class Label(NamedTuple):
    """What of an item is kept while it is scored: its text is in the queue."""

    id: str
    group: str | None


def labels_of(items: Sequence[ItemIn], first: int = 0) -> list[Label]:
    """Items without an id are named by their position."""
    return [Label(item.id if item.id is not None else str(n), item.group) for n, item in enumerate(items, first)]


class Groups:
    """Rewards of the groups of a batch: two numbers an item."""

    def __init__(self, rubric: Rubric) -> None:
        index = rubric.pass_index
        self._passing = None if index is None else rubric.names[index]
        self._members: dict[str, list[tuple[int, float | None, float | None]]] = {}

    def add(self, group: str | None, index: int, result: ItemOut) -> None:
        """Take an item's result."""
        if group is None:
            return
        reward = result.reward if result.error is None else None
        passed = None if self._passing is None else result.components[self._passing].score
        self._members.setdefault(group, []).append((index, reward, passed))

    def stats(self) -> list[GroupOut]:
        """In the order of the groups' first items."""
        found: list[tuple[int, GroupOut]] = []
        for group, members in self._members.items():
            members.sort()
            indices, rewards, passes = zip(*members, strict=True)
            found.append((indices[0], GroupOut(group, *group_stats(rewards, passes))))
        found.sort()
        return [stats for _, stats in found]


class Combiner:
    """Makes results of component scores: a pure function of the rubric and the caller's choice."""

    def __init__(self, rubric: Rubric, on_abstain: OnAbstain | None) -> None:
        self.rubric = rubric
        self._on_abstain: OnAbstain | None = on_abstain
        self._names = rubric.names

    def result(self, id_: str, scores: Sequence[ComponentScore]) -> ItemOut:
        """The result of an item with all its component scores, in the order of the rubric's names."""
        outcome = self.rubric.combine([s.score for s in scores], self._on_abstain)
        error = None if outcome.abstained is None else _error(scores[outcome.abstained])
        components = {name: ComponentOut.of(score) for name, score in zip(self._names, scores, strict=True)}
        return ItemOut(id_, outcome.reward, components, error)

    def grouped(
        self, labels: Sequence[Label], samples: Sequence[Sample], scores: Sequence[Sequence[ComponentScore]]
    ) -> list[tuple[Component, ...]]:
        """What the rubric's group rewards say of each item of whole groups."""
        items = [
            GroupItem(label.group, sample, [Component(s.score, s.status, s.evidence) for s in row])
            for label, sample, row in zip(labels, samples, scores, strict=True)
        ]
        return score_groups(self.rubric, items)


class Tally:
    """Turns complete items into results, in any order, and sums them up."""

    def __init__(self, combiner: Combiner, pending: Pending) -> None:
        self._combiner = combiner
        self._pending = pending
        self._labels: list[Label] = []
        self._groups = Groups(combiner.rubric)
        self.abstained = 0
        self.scored = 0
        self._cached = 0
        self._compute_us = 0

    def expect(self, labels: Sequence[Label]) -> None:
        """These items come next."""
        self._labels.extend(labels)

    def add(self, index: int, of_group: Sequence[Component] = ()) -> ItemOut:
        """The result of a complete item; `of_group` are the components that its group gave it."""
        scores = self._known(index)
        if of_group:
            scores = [*scores, *map(of_component, of_group)]
        label = self._labels[index]
        result = self._combiner.result(label.id, scores)
        if result.error is None:
            self.scored += 1
        else:
            self.abstained += 1
        for s in scores:
            self._compute_us += s.elapsed_us
            self._cached += s.cached
        self._groups.add(label.group, index, result)
        self._pending.release(index)
        return result

    def _known(self, index: int) -> Sequence[ComponentScore]:
        """Of a complete item."""
        return cast("list[ComponentScore]", self._pending.scores[index])

    def grouped(self, samples: Sequence[Sample]) -> list[tuple[Component, ...]]:
        """What the rubric's group rewards say of each item, once all items are complete."""
        return self._combiner.grouped(self._labels, samples, [self._known(n) for n in range(len(self._labels))])

    def groups(self) -> list[GroupOut]:
        """Statistics of the groups, in the order of their first items."""
        return self._groups.stats()

    def usage(self, elapsed_s: float) -> UsageOut:
        return UsageOut(
            len(self._labels),
            self.abstained,
            self._cached,
            round(self._pending.queue_ms, 3),
            self._compute_us / 1000,
            round(elapsed_s * 1000, 3),
        )


def of_component(component: Component) -> ComponentScore:
    """A group reward's word on an item, as the queue would have brought it."""
    return ComponentScore.of(component.score, component.status, dict(component.evidence), 0)


def _error(score: ComponentScore) -> ErrorOut:
    detail = score.evidence.get("detail")
    return ErrorOut(score.status, str(detail) if detail else ABSTAIN_DETAIL[score.status])
