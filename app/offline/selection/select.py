"""Selects rows of a scored run in two passes: columns first, then the texts of what is left."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.offline.report.stats import Run
from app.offline.selection.criteria import COLUMNS, Criteria, Row, pass_rates, row_filters
from app.offline.selection.similar import Benchmarks, Near, digest, spread

_BATCH = 1024


class Step(NamedTuple):
    """One filter: how many rows were left after it."""

    name: str
    left: int


class Kept(NamedTuple):
    """A selected completion."""

    id: str
    group: str
    prompt: str
    completion: str
    reference: str
    """As JSON."""
    reward: float | None
    pass_rate: float | None


class Selection:
    """Goes over a run once made with `--keep-text`; `funnel` counts what is left after each filter."""

    def __init__(self, run: Run, criteria: Criteria, benchmarks: Benchmarks | None) -> None:
        self._run = run
        self._criteria = criteria
        self._benchmarks = benchmarks
        self.funnel: list[Step] = []

    def kept(self) -> Iterator[Kept]:
        """The selected completions, in the order of their prompts. Raises KeyError on a run without texts."""
        alive, rates = self._by_columns()
        by_group: dict[str, list[Kept]] = {}
        for kept in self._texts(alive, rates):
            by_group.setdefault(kept.group, []).append(kept)
        yield from self._by_texts(by_group)

    def _by_columns(self) -> tuple[list[int], dict[str, float]]:
        columns = self._run.columns(*COLUMNS)
        rows: list[Row] = [dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]
        for n, row in enumerate(rows):
            row["group"] = row["group"] or f"row-{n}"
        self.funnel.append(Step("completions", len(rows)))
        rates = pass_rates(rows)
        alive = list(range(len(rows)))
        for name, holds in row_filters(self._criteria):
            alive = [i for i in alive if holds(rows[i])]
            self.funnel.append(Step(name, len(alive)))
        low, high = self._criteria.pass_band
        alive = [i for i in alive if low <= rates.get(rows[i]["group"], 0.0) <= high]
        self.funnel.append(Step(f"pass rate {low:g} to {high:g}", len(alive)))
        return alive, rates

    def _texts(self, alive: list[int], rates: dict[str, float]) -> Iterator[Kept]:
        names = ["id", "group", "prompt", "completion", "reference", "reward"]
        for start in range(0, len(alive), _BATCH):
            indices = alive[start : start + _BATCH]
            table: Any = self._run.data.take(indices, columns=names)
            for index, row in zip(indices, table.to_pylist(), strict=True):
                group = row["group"] or f"row-{index}"
                texts = row["prompt"], row["completion"], row["reference"]
                yield Kept(row["id"], group, *texts, row["reward"], rates.get(group))

    def _by_texts(self, groups: dict[str, list[Kept]]) -> Iterator[Kept]:
        if self._benchmarks is not None:
            benchmarks = self._benchmarks
            groups = {g: rows for g, rows in groups.items() if not benchmarks.holds(rows[0].prompt)}
            self._count("in no benchmark", groups)
        groups = _without_equal(groups)
        self._count("no duplicates", groups)
        if self._criteria.near is not None:
            groups = self._without_near(groups, self._criteria.near)
            self._count("no near-duplicates", groups)
        groups = {g: self._choose(rows) for g, rows in groups.items()}
        self._count(f"{self._criteria.choose} {self._criteria.per_prompt} a prompt", groups)
        for rows in groups.values():
            yield from rows

    def _count(self, name: str, groups: dict[str, list[Kept]]) -> None:
        self.funnel.append(Step(name, sum(map(len, groups.values()))))

    def _without_near(self, groups: dict[str, list[Kept]], threshold: float) -> dict[str, list[Kept]]:
        """Without prompts near to an earlier one, and completions near to an earlier one of their prompt."""
        prompts = Near(threshold)
        found: dict[str, list[Kept]] = {}
        for group, rows in groups.items():
            if rows[0].prompt and prompts.seen(group, rows[0].prompt):
                continue
            completions = Near(threshold)
            found[group] = [row for n, row in enumerate(rows) if not completions.seen(str(n), row.completion)]
        return found

    def _choose(self, rows: list[Kept]) -> list[Kept]:
        k = self._criteria.per_prompt
        match self._criteria.choose:
            case "first":
                return rows[:k]
            case "shortest":
                return sorted(rows, key=lambda row: len(row.completion))[:k]
            case "random":
                draw = random.Random(f"{self._criteria.seed} {rows[0].group}")
                return draw.sample(rows, min(k, len(rows)))
            case "diverse":
                return [rows[i] for i in spread([row.completion for row in rows], k)]


def _without_equal(groups: dict[str, list[Kept]]) -> dict[str, list[Kept]]:
    """Without completions that stood before, anywhere, but for case and space."""
    seen: set[bytes] = set()
    found: dict[str, list[Kept]] = {}
    for group, rows in groups.items():
        for row in rows:
            key = digest(row.prompt) + digest(row.completion)
            if key not in seen:
                seen.add(key)
                found.setdefault(group, []).append(row)
    return found
