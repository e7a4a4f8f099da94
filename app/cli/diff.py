"""`assay diff`: two runs of `assay rescore`, compared."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from app.cli.console import err, fail, out
from app.offline.diff import Diff
from app.offline.diff import diff as compare
from app.offline.extras import InputError
from app.offline.output import MANIFEST
from app.offline.report import page, texts


def diff(
    before: Annotated[Path, typer.Argument(help="Folder of the earlier run.")],
    after: Annotated[Path, typer.Argument(help="Folder of the later run.")],
    html: Annotated[Path | None, typer.Option(help="Write a page with the changed completions too.")] = None,
) -> None:
    """Compare two runs over the same completions: what rose, what fell, what abstains now, and which ones."""
    try:
        found = compare(before, after)
    except (FileNotFoundError, InputError) as error:
        fail(str(error), 2)
    table = Table(title=f"{before} → {after}")
    head = ("", "in both", "same", "up", "down", "now abstains", "abstained before", "mean before", "mean after")
    for column in head:
        table.add_column(column, justify="right" if column else "left")
    for row in _rows(found):
        table.add_row(*(cell if isinstance(cell, str) else page.number(cell) for cell in row))
    table.caption = f"only before {found.only_before:,}, only after {found.only_after:,}"
    out.print(table)
    for change in found.changes:
        for flip in change.flips[:5]:
            err.print(f"{change.name} {flip.id}: {flip.before} → {flip.after}", highlight=False, markup=False)
    if html is not None:
        _page(html, before, after, found, head)
        err.print(f"wrote {html}", highlight=False)


def _rows(found: Diff) -> list[tuple[Any, ...]]:
    return [
        (c.name, c.both, c.same, c.up, c.down, c.new_abstentions, c.gone_abstentions, c.mean_before, c.mean_after)
        for c in found.changes
    ]


def _page(path: Path, before: Path, after: Path, found: Diff, head: tuple[str, ...]) -> None:
    manifest: dict[str, Any] = json.loads((after / MANIFEST).read_text("utf-8"))
    how = texts.layout_of(manifest)
    wanted = {(f.source, f.row, f.part) for c in found.changes for f in c.flips}
    records = texts.fetch(how, wanted) if how else {}
    samples: list[str] = []
    for change in found.changes:
        for flip in change.flips:
            record = records.get((flip.source, flip.row, flip.part))
            shown = texts.short(record.item.completion) if record else "the input is not there any more"
            reference = json.dumps(record.item.reference, ensure_ascii=False) if record else ""
            title = f"{change.name} {flip.id}: {flip.before} → {flip.after}"
            samples.append(page.sample(title, [("reference", reference), ("completion", shown)]))
    page.write(
        path,
        "Assay: two runs",
        f"{before} → {after}",
        page.section("Columns", page.table(head, _rows(found))),
        page.section("What changed", *samples),
    )
