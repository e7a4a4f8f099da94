"""A stretch of an input file, on its way to a score."""

from collections.abc import Iterator
from typing import NamedTuple

from app.offline import formats
from app.offline.formats import RawRow
from app.offline.layout import Layout
from app.offline.records import BadRow, Place, Record


class Chunk(NamedTuple):
    """Rows of one file, still encoded."""

    file: int
    """Position of the file among the inputs."""
    source: str
    table: bool
    done: int
    """Records of its first row that are done already."""
    rows: list[RawRow]


def records(chunk: Chunk, layout: Layout) -> Iterator[Record | BadRow]:
    """The records and bad rows of a chunk, in order."""
    done = chunk.done
    for raw in chunk.rows:
        row = formats.decode(raw, chunk.table)
        found = (
            layout.records(row.data, chunk.source, chunk.file, row.number)
            if row.data is not None
            else [BadRow(chunk.source, Place(chunk.file, row.number), row.problem)]
        )
        for part, one in enumerate(found):
            if part >= done:
                yield one
        done = 0
