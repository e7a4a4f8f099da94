"""Everything a report shows, computed from a run's parts; a few columns at a time, never the texts."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.offline.extras import InputError, optional
from app.offline.passk import ks, pass_at_k
from app.rubric import PASS_COMPONENT

_BINS = 20
_PASS_BINS = 10
_LENGTH_BINS = 12
_SLOWEST = 10
_FLIPS = 20
_PASSED = 0.5
"""A previous reward above it says `correct`: labels are 0 or 1, trainers' rewards -1 or 1."""


class Run:
    """The rows of a finished run, by column."""

    def __init__(self, folder: Path) -> None:
        """Raises FileNotFoundError where the folder holds no run, InputError where its parts can't be read."""
        self.folder = folder
        self._dataset: Any = optional("pyarrow.dataset", "to read results")
        self._compute: Any = optional("pyarrow.compute", "to read results")
        files = sorted(str(p) for p in folder.glob("part-*.parquet"))
        if not files:
            raise FileNotFoundError(f"{folder}: holds no run (no part-00000.parquet)")
        try:
            self.data: Any = self._dataset.dataset(files)
        except ValueError as error:
            raise InputError(f"{folder}: a part is damaged: {error}") from None

    @property
    def names(self) -> list[str]:
        """The components."""
        columns: list[str] = self.data.schema.names
        return [c.removesuffix("_status") for c in columns if c.endswith("_status")]

    def column(self, name: str) -> list[Any]:
        return self.data.to_table(columns=[name]).column(name).to_pylist()

    def columns(self, *names: str) -> list[list[Any]]:
        table: Any = self.data.to_table(columns=list(names))
        return [table.column(name).to_pylist() for name in names]


def describe(run: Run) -> dict[str, Any]:
    """The report's figures, as JSON."""
    names = run.names
    stats: dict[str, Any] = {"reward": _numbers(run.column("reward")), "components": {}}
    for name in names:
        scores, statuses, times = run.columns(name, f"{name}_status", f"{name}_ms")
        stats["components"][name] = {
            **_numbers(scores),
            "statuses": dict(Counter(statuses).most_common()),
            "ms": _quantiles(times),
        }
    stats["errors"] = dict(Counter(e for e in run.column("error") if e).most_common())
    if PASS_COMPONENT in names:
        stats |= _groups(run)
        stats["lengths"] = _lengths(run)
        stats["previous"] = _previous(run)
    stats["slowest"] = _slowest(run, names)
    return stats


def _numbers(values: Sequence[float | None]) -> dict[str, Any]:
    known = [v for v in values if v is not None]
    if not known:
        return {"n": len(values), "scored": 0, "mean": None, "std": None, "min": None, "max": None, "hist": None}
    mean = sum(known) / len(known)
    low, high = min(known), max(known)
    return {
        "n": len(values),
        "scored": len(known),
        "mean": mean,
        "std": (sum((v - mean) ** 2 for v in known) / len(known)) ** 0.5,
        "min": low,
        "max": high,
        "hist": histogram(known, min(low, 0.0), max(high, 1.0), _BINS),
    }


def histogram(values: Sequence[float], low: float, high: float, bins: int) -> dict[str, Any]:
    """Counts between `low` and `high`, the last bin closed."""
    if high <= low:
        low, high = low - 0.5, low + 0.5
    width = (high - low) / bins
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, int((value - low) / width)))] += 1
    return {"low": low, "high": high, "counts": counts}


def _quantiles(values: Sequence[float | None]) -> dict[str, float]:
    known = sorted(v for v in values if v is not None)
    if not known:
        return {}
    return {f"p{q}": known[min(len(known) - 1, int(q / 100 * len(known)))] for q in (50, 90, 99)} | {"max": known[-1]}


def _groups(run: Run) -> dict[str, Any]:
    """Pass rates by group, and pass@k over the groups that are large enough."""
    groups, passes, rewards = run.columns("group", PASS_COMPONENT, "reward")
    counts: dict[str, list[int]] = {}
    spread: dict[str, tuple[float, float]] = {}
    for group, score, reward in zip(groups, passes, rewards, strict=True):
        if group is None:
            continue
        if score is not None:
            count = counts.setdefault(group, [0, 0])
            count[0] += 1
            count[1] += score >= 1.0
        if reward is not None:
            low, high = spread.get(group, (reward, reward))
            spread[group] = min(low, reward), max(high, reward)
    rates = [right / n for n, right in counts.values()]
    curve: list[dict[str, float]] = []
    for k in ks(max((n for n, _ in counts.values()), default=0)):
        able = [pass_at_k(n, right, k) for n, right in counts.values() if n >= k]
        curve.append({"k": k, "pass": sum(able) / len(able), "groups": len(able)})
    return {
        "groups": {
            "count": len(counts),
            "pass_rate": sum(rates) / len(rates) if rates else None,
            "hist": histogram(rates, 0.0, 1.0, _PASS_BINS) if rates else None,
            "none_right": sum(rate == 0.0 for rate in rates),
            "all_right": sum(rate == 1.0 for rate in rates),
            "zero_variance": sum(high - low <= 1e-9 for low, high in spread.values()),
        },
        "pass_at_k": curve,
    }


def _lengths(run: Run) -> list[dict[str, Any]]:
    """Pass rate by length, in bins of equally many completions."""
    chars, passes = run.columns("chars", PASS_COMPONENT)
    rows = sorted((c, p >= 1.0) for c, p in zip(chars, passes, strict=True) if p is not None)
    if not rows:
        return []
    bins = min(_LENGTH_BINS, len(rows))
    found: list[dict[str, Any]] = []
    for i in range(bins):
        part = rows[i * len(rows) // bins : (i + 1) * len(rows) // bins]
        right = sum(passed for _, passed in part)
        found.append({"from": part[0][0], "to": part[-1][0], "n": len(part), "pass_rate": right / len(part)})
    return found


def _previous(run: Run) -> dict[str, Any] | None:
    """Confusion of the earlier reward with this run's accuracy, and the rows that flipped."""
    before, passes = run.columns("previous", PASS_COMPONENT)
    if all(b is None for b in before):
        return None
    confusion: Counter[str] = Counter()
    flips: list[int] = []
    for index, (b, p) in enumerate(zip(before, passes, strict=True)):
        if b is None:
            continue
        was = "right" if b > _PASSED else "wrong"
        now = "abstained" if p is None else "right" if p >= 1.0 else "wrong"
        confusion[f"{was}→{now}"] += 1
        if was != now and len(flips) < _FLIPS:
            flips.append(index)
    return {"confusion": dict(confusion), "flips": rows_at(run, flips)}


def _slowest(run: Run, names: Sequence[str]) -> list[dict[str, Any]]:
    times = run.columns(*(f"{name}_ms" for name in names))
    totals = [sum(t or 0.0 for t in row) for row in zip(*times, strict=True)]
    worst = sorted(range(len(totals)), key=totals.__getitem__, reverse=True)[:_SLOWEST]
    return [{**row, "ms": totals[row["index"]]} for row in rows_at(run, worst)]


def rows_at(run: Run, indices: Sequence[int]) -> list[dict[str, Any]]:
    """Rows by position, without their texts."""
    if not indices:
        return []
    shown = [c for c in run.data.schema.names if c not in ("prompt", "completion", "reference")]
    table: Any = run.data.take(list(indices), columns=shown)
    return [{"index": i, **row} for i, row in zip(indices, table.to_pylist(), strict=True)]
