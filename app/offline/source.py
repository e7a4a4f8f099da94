"""The input of a run as one stream of records, which can begin anywhere."""

from collections.abc import Iterator
from pathlib import Path

from app.offline import formats
from app.offline.layout import Layout, guess
from app.offline.output import Position
from app.offline.records import BadRow, Place, Record


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
        for file in self.files:
            for row in formats.rows(file):
                if row.data is not None:
                    self.layout = guess(row.data)
                    return self.layout
        raise formats.InputError(f"{self.files[0]}: holds no row that can be read")

    def records(self, start: Position) -> Iterator[Record | BadRow]:
        """Records and bad rows after a position, in order."""
        layout = self.settle()
        for index in range(start.file, len(self.files)):
            file = self.files[index]
            skipped = start.row if index == start.file else 0
            for row in formats.rows(file, skipped):
                if self._limit is not None and row.number > self._limit:
                    break
                done = start.part if index == start.file and row.number == start.row + 1 else -1
                if row.data is None:
                    if done < 0:
                        yield BadRow(str(file), Place(index, row.number), row.problem)
                    continue
                for record in layout.records(row.data, str(file), index, row.number):
                    if record.place.part > done:
                        yield record
