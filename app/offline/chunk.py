"""A stretch of an input file, on its way to a score."""

import os
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

    def light(self) -> "Chunk":
        """Without its bytes if a file has them: a process of this machine reads them there for less than they cost
        to send."""
        return self if self.block.extent is None else self._replace(block=self.block._replace(encoded=b""))

    def whole(self) -> "Chunk":
        """With its bytes again. Raises OSError where the file has changed."""
        extent = self.block.extent
        if extent is None or self.block.encoded:
            return self
        with open(extent.path or self.source, "rb", 0) as file:  # noqa: PTH123
            encoded = os.pread(file.fileno(), extent.size, extent.offset)
        if len(encoded) != extent.size:
            raise OSError(f"{extent.path or self.source} has become shorter")
        return self._replace(block=self.block._replace(encoded=encoded))


def records(chunk: Chunk, layout: Layout) -> Iterator[Record | BadRow]:
    """The records and bad rows of a chunk, in order."""
    found = layout.records(formats.decode(chunk.block, chunk.table), chunk.source, chunk.file)
    if not chunk.done:
        return found
    first = chunk.block.first
    return (one for one in found if one.place.row > first or one.place.part >= chunk.done)
