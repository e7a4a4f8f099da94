"""From component scores to the rows of the output, column by column: combined by the rubric, groups completed first."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from app.offline.records import BadRow, Place, Record, Scores
from app.queue.codec import ComponentScore
from app.rewards.base import Component
from app.rubric import ABSTAIN_DETAIL, GroupItem, Rubric, score_groups
from app.worker.scoring import Column

MAX_GROUP = 65_536
"""Records of one group that are held until it is complete; a longer run of one group is cut there."""

_json = msgspec.json.Encoder().encode


def detail_of(score: ComponentScore) -> str:
    """Why a component abstained, for a person."""
    said = score.evidence.get("detail")
    return str(said) if said else ABSTAIN_DETAIL.get(score.status, "")


class Columns(NamedTuple):
    """The columns of the output, and their values."""

    names: tuple[str, ...]
    """Of the rubric's components."""
    text: bool
    evidence: bool

    def fields(self) -> list[tuple[str, str]]:
        """Column and type, in order."""
        fields = [("id", "string"), ("group", "string"), ("content_id", "string"), ("reward", "double")]
        for name in self.names:
            fields += [(name, "double"), (f"{name}_status", "string"), (f"{name}_ms", "float")]
            if self.evidence:
                fields.append((f"{name}_evidence", "string"))
        fields += [("error", "string"), ("previous", "double"), ("chars", "int32"), ("meta", "string")]
        fields += [("source", "string"), ("row", "int64"), ("part", "int32")]
        if self.text:
            fields += [("prompt", "string"), ("completion", "string"), ("reference", "string")]
        return fields

    def values(
        self, records: Sequence[Record], rewards: list[float | None], errors: list[str | None], scored: Sequence[Column]
    ) -> list[list[Any]]:
        """The values of each, in order; an error is the status of the component that made a record abstain."""
        items = [r.item for r in records]
        values: list[list[Any]] = [
            [r.id for r in records],
            [r.group for r in records],
            [r.content_id for r in records],
            rewards,
        ]
        for column in scored:
            values += (column.scores, column.statuses, column.elapsed_ms)
            if self.evidence:
                values.append([_json(found).decode() for found in column.evidence])
        values += (
            errors,
            [r.previous for r in records],
            [len(i.completion) for i in items],
            [_json(i.meta).decode() if i.meta else None for i in items],
            [r.source for r in records],
            [r.place.row for r in records],
            [r.place.part for r in records],
        )
        if self.text:
            values += (
                [i.prompt for i in items],
                [i.completion for i in items],
                [_json(i.reference).decode() for i in items],
            )
        return values


class Done(Struct, array_like=True, frozen=True):
    """What became of a stretch of the input."""

    count: int
    """Rows of the output."""
    columns: list[list[Any]]
    """Their values, column by column; of a column that has one value in all rows, that one alone may be here."""
    bad: list[BadRow]
    abstained: int
    last: Place | None
    """Of the last row or bad row; None where there are none."""


def done(rubric: Rubric, columns: Columns, found: Sequence[Record | BadRow], scored: Sequence[Column]) -> Done:
    """Rows of the output of records, with what each component said of them, and the bad rows between them."""
    records = [one for one in found if isinstance(one, Record)]
    bad = [one for one in found if isinstance(one, BadRow)]
    last = found[-1].place if found else None
    rewards: list[float | None] = []
    errors: list[str | None] = []
    for index, scores in enumerate(zip(*(c.scores for c in scored), strict=True)):
        reward, abstained = rubric.combine(scores)
        rewards.append(reward)
        errors.append(None if abstained is None else scored[abstained].statuses[index])
    return Done(len(records), columns.values(records, rewards, errors, scored), bad, rewards.count(None), last)


def short(columns: Sequence[list[Any]]) -> list[list[Any]]:
    """Columns to send: of those with one value in all rows, as half of them are, that one alone."""
    return [c[:1] if c and c[0] == c[-1] and c.count(c[0]) == len(c) else c for c in columns]


Entry = BadRow | tuple[Record, Scores]


class Combiner:
    """Rows of the output, in order. With group rewards in the rubric, records wait until the next group begins."""

    def __init__(self, rubric: Rubric, columns: Columns) -> None:
        self._rubric = rubric
        self._columns = columns
        self._held: list[Entry] = []
        """Records of one group, with the bad rows between and behind them."""
        self._group: str | None = None
        self._members = 0

    def take(self, entries: Sequence[Entry]) -> Done:
        """Take the next records with their scores; gives what is complete."""
        if not self._rubric.group_components:
            return self._done(entries)
        complete: list[Entry] = []
        for entry in entries:
            if not isinstance(entry, BadRow):
                group = entry[0].group
                if self._members and (group is None or group != self._group or self._members >= MAX_GROUP):
                    complete += self._released()
                self._group = group
                self._members += 1
            self._held.append(entry)
        return self._done(complete)

    def end(self) -> Done:
        """What waits still."""
        return self._done(self._released())

    def _released(self) -> list[Entry]:
        """The held records with the scores of the group components too."""
        held, self._held, self._members = self._held, [], 0
        members = [one for one in held if not isinstance(one, BadRow)]
        items = [
            GroupItem(r.group, r.sample, [Component(s.score, s.status, s.evidence) for s in scores])
            for r, scores in members
        ]
        of_group = iter(score_groups(self._rubric, items) if items else ())
        return [
            one
            if isinstance(one, BadRow)
            else (
                one[0],
                [*one[1], *(ComponentScore.of(c.score, c.status, dict(c.evidence), 0) for c in next(of_group))],
            )
            for one in held
        ]

    def _done(self, entries: Sequence[Entry]) -> Done:
        found = [one if isinstance(one, BadRow) else one[0] for one in entries]
        scores = [one[1] for one in entries if not isinstance(one, BadRow)]
        columns = [_column([of_record[n] for of_record in scores]) for n in range(len(self._columns.names))]
        return done(self._rubric, self._columns, found, columns)


def _column(scores: Sequence[ComponentScore]) -> Column:
    return Column(
        [s.score for s in scores],
        [s.status for s in scores],
        [s.elapsed_us / 1000 for s in scores],
        [s.evidence for s in scores],
    )
