"""Some rows of a file, as a reader passes them on: still encoded, so that whoever scores rows decodes them."""

from typing import Any, NamedTuple


class Extent(NamedTuple):
    """Where bytes stand in a file."""

    offset: int
    size: int
    path: str = ""
    """Of another file than the rows come from, which lasts as long as they are worked at."""


class Block(NamedTuple):
    """Rows that stand next to each other; or one that can't be read, and then `problem` says why."""

    first: int
    """Number of its first row, from 1."""
    rows: int
    """Rows that it spans."""
    encoded: bytes
    """JSON lines; of a table, its columns as `tables` encodes them."""
    problem: str = ""
    extent: Extent | None = None
    """Where a file holds the very bytes of `encoded`, if one does."""


class Row(NamedTuple):
    """One row, from 1; `data` is None where it can't be read, and `problem` says why."""

    number: int
    data: dict[str, Any] | None
    problem: str = ""
