"""Two runs over the same completions, compared row by row."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from app.offline.report.stats import Run

_SHOWN = 20
_EQUAL = 1e-9


class Flip(NamedTuple):
    """A row whose score differs."""

    id: str
    source: str
    row: int
    part: int
    before: float | None
    after: float | None


class Change(NamedTuple):
    """One column of both runs."""

    name: str
    both: int
    """Rows in both runs."""
    up: int
    down: int
    new_abstentions: int
    gone_abstentions: int
    mean_before: float | None
    mean_after: float | None
    flips: list[Flip]
    """The first that differ."""

    @property
    def same(self) -> int:
        return self.both - self.up - self.down - self.new_abstentions - self.gone_abstentions


class Diff(NamedTuple):
    """All columns that both runs have, and the rows that only one has."""

    changes: list[Change]
    only_before: int
    only_after: int


def diff(before: Path, after: Path) -> Diff:
    """Compare the runs in two folders; rows are matched by content. Raises FileNotFoundError."""
    one, two = Run(before), Run(after)
    pairs, only_before, only_after = _match(one.column("content_id"), two.column("content_id"))
    names = ["reward", *(name for name in one.names if name in two.names)]
    places = list(zip(*two.columns("id", "source", "row", "part"), strict=True))
    changes = [_change(name, one.column(name), two.column(name), pairs, places) for name in names]
    return Diff(changes, only_before, only_after)


def _match(before: list[str], after: list[str]) -> tuple[list[tuple[int, int]], int, int]:
    """Rows of equal content, the n-th with the n-th."""
    waiting: dict[str, list[int]] = defaultdict(list)
    for index in reversed(range(len(after))):
        waiting[after[index]].append(index)
    pairs: list[tuple[int, int]] = []
    for index, key in enumerate(before):
        if waiting.get(key):
            pairs.append((index, waiting[key].pop()))
    return pairs, len(before) - len(pairs), len(after) - len(pairs)


def _change(
    name: str,
    before: list[float | None],
    after: list[float | None],
    pairs: list[tuple[int, int]],
    places: list[tuple[Any, ...]],
) -> Change:
    counts: Counter[str] = Counter()
    flips: list[Flip] = []
    for i, j in pairs:
        b, a = before[i], after[j]
        if b is None and a is None:
            continue
        if a is None or b is None:
            kind = "lost" if a is None else "gained"
        elif abs(a - b) <= _EQUAL:
            continue
        else:
            kind = "up" if a > b else "down"
        counts[kind] += 1
        if len(flips) < _SHOWN:
            id_, source, row, part = places[j]
            flips.append(Flip(id_, source, row, part, b, a))
    means = (_mean([before[i] for i, _ in pairs]), _mean([after[j] for _, j in pairs]))
    return Change(
        name, len(pairs), counts["up"], counts["down"], counts["lost"], counts["gained"], means[0], means[1], flips
    )


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None
