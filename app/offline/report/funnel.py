"""The page of a selection: what each filter left."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from app.offline.report import charts, page

Rows = Sequence[tuple[str, int]]


def funnel_table(rows: Rows) -> Table:
    table = Table("filter", title="Rejection sampling")
    for column in _HEAD[1:]:
        table.add_column(column, justify="right")
    for name, left, dropped, share in _cells(rows):
        table.add_row(name, f"{left:,}", f"{dropped:,}", share)
    return table


_HEAD = ("filter", "left", "dropped", "of the first")


def _cells(rows: Rows) -> Iterator[tuple[str, int, int, str]]:
    before = first = rows[0][1]
    for name, left in rows:
        yield name, left, before - left, f"{left / first:.1%}" if first else "–"
        before = left


def write_funnel(path: Path, rows: Rows, mixed: Sequence[tuple[str, int]]) -> None:
    page.write(
        path,
        "Assay: rejection sampling",
        f"{rows[0][1]:,} completions in, {rows[-1][1]:,} kept",
        page.section("Funnel", page.charts([charts.steps("Left after each filter", rows, "completions")])),
        page.section("Filters", page.table(_HEAD, _cells(rows))),
        page.section("The mixed set", page.table(("origin", "rows"), mixed) if mixed else ""),
    )
