"""Texts of single rows, fetched from the input again: a report shows a few of millions."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.offline import formats, layout
from app.offline.layout import BadLayout, Layout
from app.offline.records import Record

_SHOWN_CHARS = 1200
_LANGUAGE_ROWS = 1000


def layout_of(asked: dict[str, Any]) -> Layout | None:
    """The layout that a run was made with; None where its file is gone."""
    try:
        return layout.find(str(asked["layout"]) if asked["layout"] != "map" else layout.AUTO, list(asked["map"]))
    except (BadLayout, KeyError):
        return None


def fetch(how: Layout, wanted: Iterable[tuple[str, int, int]]) -> dict[tuple[str, int, int], Record]:
    """Records by (source, row, part). A file that is gone or changed gives what it still can."""
    by_file: dict[str, dict[int, set[int]]] = {}
    for source, row, part in wanted:
        by_file.setdefault(source, {}).setdefault(row, set()).add(part)
    found: dict[tuple[str, int, int], Record] = {}
    for source, rows in by_file.items():
        if not Path(source).exists():
            continue
        for row in formats.rows(Path(source), min(rows) - 1):
            if row.number > max(rows):
                break
            if row.number not in rows:
                continue
            for record in how.records([row], source, 0):
                if isinstance(record, Record) and record.place.part in rows[row.number]:
                    found[source, row.number, record.place.part] = record
    return found


def first(how: Layout, sources: Iterable[str]) -> list[Record]:
    """The first records of the input, to look at closely."""
    found: list[Record] = []
    for source in sources:
        if not Path(source).exists():
            continue
        for row in formats.rows(Path(source)):
            found += [r for r in how.records([row], source, 0) if isinstance(r, Record)]
            if len(found) >= _LANGUAGE_ROWS:
                return found[:_LANGUAGE_ROWS]
    return found


def short(text: str) -> str:
    """A text as a report shows it: its end holds the answer."""
    return text if len(text) <= _SHOWN_CHARS else f"… {text[-_SHOWN_CHARS:]}"
