"""From component scores to the rows of the output: combined by the rubric, groups completed first."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from app.offline.records import BadRow, Place, Record, Scores, content_id
from app.queue.codec import ComponentScore
from app.rewards.base import Component
from app.rubric import ABSTAIN_DETAIL, GroupItem, Rubric, score_groups

MAX_GROUP = 65_536
"""Records of one group that are held until it is complete; a longer run of one group is cut there."""

_json = msgspec.json.Encoder().encode


def detail_of(score: ComponentScore) -> str:
    """Why a component abstained, for a person."""
    said = (score.evidence or {}).get("detail")
    return str(said) if said else ABSTAIN_DETAIL.get(score.status, "")


class Columns(NamedTuple):
    """The columns of the output, and rows of them."""

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

    def row(self, record: Record, reward: float | None, error: str | None, scores: Scores) -> tuple[Any, ...]:
        """The values of one, in order; `error` is the status of the component that made it abstain."""
        item, place = record.item, record.place
        row: list[Any] = [record.id, record.group, content_id(record.encoded), reward]
        for score in scores:
            row += (score.score, score.status.value, score.elapsed_us / 1000)
            if self.evidence:
                row.append(_json(score.evidence or {}).decode())
        meta = _json(item.meta).decode() if item.meta else None
        row += (error, record.previous, len(item.completion), meta, record.source, place.row, place.part)
        if self.text:
            row += (item.prompt, item.completion, _json(item.reference).decode())
        return tuple(row)


class Done(Struct, array_like=True, frozen=True):
    """What became of a stretch of the input."""

    count: int
    """Rows of the output."""
    columns: list[list[Any]]
    """Their values, column by column; none where there are no rows."""
    bad: list[BadRow]
    abstained: int
    last: Place | None
    """Of the last row or bad row; None where there are none."""


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
            GroupItem(r.group, r.sample, [Component(s.score, s.status, s.evidence or {}) for s in scores])
            for r, scores in members
        ]
        of_group = iter(score_groups(self._rubric, items) if items else ())
        return [
            one
            if isinstance(one, BadRow)
            else (
                one[0],
                [*one[1], *(ComponentScore(c.score, c.status, dict(c.evidence), 0) for c in next(of_group))],
            )
            for one in held
        ]

    def _done(self, entries: Sequence[Entry]) -> Done:
        rows: list[tuple[Any, ...]] = []
        bad: list[BadRow] = []
        abstained = 0
        last: Place | None = None
        for entry in entries:
            if isinstance(entry, BadRow):
                bad.append(entry)
                last = entry.place
                continue
            record, scores = entry
            outcome = self._rubric.combine([s.score for s in scores])
            error = None if outcome.abstained is None else scores[outcome.abstained].status.value
            rows.append(self._columns.row(record, outcome.reward, error, scores))
            abstained += outcome.reward is None
            last = record.place
        return Done(len(rows), list(map(list, zip(*rows, strict=True))), bad, abstained, last)
