"""The page of a selection: what each filter left."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from app.offline.report import charts, page

Rows = Sequence[tuple[str, int]]


def funnel_table(rows: Rows) -> Table:
    table = Table("filter", title="Rejection sampling")
    for column in ("left", "dropped", "of the first"):
        table.add_column(column, justify="right")
    for n, (name, left) in enumerate(rows):
        before = rows[n - 1][1] if n else left
        share = f"{left / rows[0][1]:.1%}" if rows[0][1] else "–"
        table.add_row(name, f"{left:,}", f"{before - left:,}" if n else "", share)
    return table


def write_funnel(path: Path, rows: Rows, mixed: Sequence[tuple[str, int]]) -> None:
    page.write(
        path,
        "Assay: rejection sampling",
        f"{rows[0][1]:,} completions in, {rows[-1][1]:,} kept",
        page.section("Funnel", page.charts([charts.steps("Left after each filter", rows, "completions")])),
        page.section("Filters", page.table(("filter", "left"), rows)),
        page.section("The mixed set", page.table(("origin", "rows"), mixed) if mixed else ""),
    )
