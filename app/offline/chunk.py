"""A stretch of an input file, on its way to a score."""

from collections.abc import Iterator
from typing import NamedTuple

from app.offline import formats
from app.offline.block import Block
from app.offline.layout import Layout
from app.offline.records import BadRow, Record


class Chunk(NamedTuple):
    """Rows of one file, still encoded."""

    file: int
    """Position of the file among the inputs."""
    source: str
    table: bool
    done: int
    """Records of its first row that are done already."""
    block: Block


def records(chunk: Chunk, layout: Layout) -> Iterator[Record | BadRow]:
    """The records and bad rows of a chunk, in order."""
    found = layout.records(formats.decode(chunk.block, chunk.table), chunk.source, chunk.file)
    if not chunk.done:
        return found
    first = chunk.block.first
    return (one for one in found if one.place.row > first or one.place.part >= chunk.done)
