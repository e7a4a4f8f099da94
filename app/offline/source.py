"""The input of a run as one stream of chunks of rows, which can begin anywhere."""

from collections.abc import Iterator
from pathlib import Path

from app.offline import formats
from app.offline.chunk import Chunk
from app.offline.extras import InputError
from app.offline.layout import Layout, guess
from app.offline.output import Position


class Source:
    """Files read one after the other by one layout; where none is named, the first good row of the input decides."""

    def __init__(self, files: list[Path], layout: Layout | None, limit: int | None = None) -> None:
        self.files = files
        self.layout = layout
        self._limit = limit

    def settle(self) -> Layout:
        """The layout, guessed where none was named. Raises BadLayout, InputError where no row can be read."""
        if self.layout is not None:
            return self.layout
        problems: list[str] = []
        for file in self.files:
            for row in formats.rows(file):
                if row.data is not None:
                    self.layout = guess(row.data)
                    return self.layout
                if not problems:
                    problems.append(f"; {file.name}:{row.number}: {row.problem}")
        raise InputError(f"{self.files[0]}: holds no row that can be read{''.join(problems)}")

    def chunks(self, start: Position, most_rows: int, most_bytes: int) -> Iterator[Chunk]:
        """All rows after a position, in order."""
        for index in range(start.file, len(self.files)):
            file = self.files[index]
            table = formats.is_table(file)
            skipped, done = (start.row, start.part + 1) if index == start.file else (0, 0)
            for block in formats.blocks(file, skipped, most_rows, most_bytes):
                left = block.rows if self._limit is None else self._limit - block.first + 1
                if left <= 0:
                    break
                yield Chunk(index, str(file), table, done, block._replace(rows=min(block.rows, left)))
                done = 0
