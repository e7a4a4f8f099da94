"""From component scores to the rows of the output: combined by the rubric, groups completed first."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from app.offline.engines.base import Scores
from app.offline.records import Record, content_id
from app.queue.codec import ComponentScore
from app.rewards.base import Component
from app.rubric import ABSTAIN_DETAIL, GroupItem, Rubric, score_groups

MAX_GROUP = 65_536
"""Records of one group that are held until it is complete; a longer run of one group is cut there."""

_json = msgspec.json.Encoder().encode


class Scored(NamedTuple):
    """A record with its reward; `scores` are in the order of the rubric's names."""

    record: Record
    reward: float | None
    scores: list[ComponentScore]
    error: str | None
    """Status of the component that made it abstain."""


class Combiner:
    """Rewards of records in order. With group rewards in the rubric, records wait until the next group begins."""

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        self._grouped = bool(rubric.group_components)
        self._held: list[tuple[Record, Scores]] = []

    def add(self, record: Record, scores: Scores) -> Iterator[Scored]:
        """Take the next record; gives those that are complete."""
        if not self._grouped:
            yield self._finish(record, scores)
            return
        first = self._held[0][0].group if self._held else None
        if self._held and (first is None or record.group != first or len(self._held) >= MAX_GROUP):
            yield from self.end()
        self._held.append((record, scores))

    def end(self) -> Iterator[Scored]:
        """What waits still."""
        held, self._held = self._held, []
        if not held:
            return
        items = [
            GroupItem(r.group, r.sample, [Component(s.score, s.status, s.evidence or {}) for s in scores])
            for r, scores in held
        ]
        for (record, scores), of_group in zip(held, score_groups(self._rubric, items), strict=True):
            yield self._finish(
                record, [*scores, *(ComponentScore(c.score, c.status, dict(c.evidence), 0) for c in of_group)]
            )

    def _finish(self, record: Record, scores: list[ComponentScore]) -> Scored:
        outcome = self._rubric.combine([s.score for s in scores])
        error = None if outcome.abstained is None else str(scores[outcome.abstained].status)
        return Scored(record, outcome.reward, scores, error)


def detail_of(score: ComponentScore) -> str:
    """Why a component abstained, for a person."""
    said = (score.evidence or {}).get("detail")
    return str(said) if said else ABSTAIN_DETAIL.get(score.status, "")


class Columns:
    """Collects rows by column, in the types of the output's schema."""

    def __init__(self, names: tuple[str, ...], *, text: bool, evidence: bool) -> None:
        self._names = names
        self._text = text
        self._evidence = evidence
        self._rows: list[tuple[Any, ...]] = []
        self.last_content_id = ""

    def fields(self) -> list[tuple[str, str]]:
        """Column and type, in order."""
        fields = [("id", "string"), ("group", "string"), ("content_id", "string"), ("reward", "double")]
        for name in self._names:
            fields += [(name, "double"), (f"{name}_status", "string"), (f"{name}_ms", "float")]
            if self._evidence:
                fields.append((f"{name}_evidence", "string"))
        fields += [("error", "string"), ("previous", "double"), ("chars", "int32"), ("meta", "string")]
        fields += [("source", "string"), ("row", "int64"), ("part", "int32")]
        if self._text:
            fields += [("prompt", "string"), ("completion", "string"), ("reference", "string")]
        return fields

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def data(self) -> dict[str, tuple[Any, ...]]:
        """The columns by name."""
        names = [name for name, _ in self.fields()]
        columns = list(zip(*self._rows, strict=True)) or [()] * len(names)
        return dict(zip(names, columns, strict=True))

    def add(self, scored: Scored) -> None:
        record, item = scored.record, scored.record.item
        self.last_content_id = content_id(record.encoded)
        row: list[Any] = [record.id, record.group, self.last_content_id, scored.reward]
        for score in scored.scores:
            row += (score.score, score.status.value, score.elapsed_us / 1000)
            if self._evidence:
                row.append(_json(score.evidence or {}).decode())
        meta = _json(item.meta).decode() if item.meta else None
        row += (scored.error, record.previous, len(item.completion), meta)
        row += (record.source, record.place.row, record.place.part)
        if self._text:
            row += (item.prompt, item.completion, _json(item.reference).decode())
        self._rows.append(tuple(row))
