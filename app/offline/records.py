"""What flows through offline work: records that can be scored, and rows that can't."""

from hashlib import blake2b
from typing import Any, NamedTuple

from app.queue import codec
from app.queue.codec import WorkItem
from app.rewards.base import Sample

_CONTENT_ID_BYTES = 16
"""Chance of two different records of 10^9 sharing an id: below 10^-20."""
_GROUP_BYTES = 6


class Place(NamedTuple):
    """Where a record stands in the input."""

    file: int
    """Position of the file among the inputs."""
    row: int
    """From 1: the line of a JSONL file, the row of a table."""
    part: int = 0
    """Position among the records that one row holds."""


class Record(NamedTuple):
    """One completion to score, with what goes to the output unchanged."""

    id: str
    group: str | None
    item: WorkItem
    encoded: bytes
    """The item as it travels."""
    previous: float | None
    """The reward that an earlier run gave it."""
    source: str
    place: Place

    @property
    def sample(self) -> Sample:
        i = self.item
        return Sample(i.completion, i.prompt, i.reference, i.language, i.meta)


class BadRow(NamedTuple):
    """A row that holds no record, and why."""

    source: str
    place: Place
    reason: str


def content_id(encoded: bytes) -> str:
    """Id of an encoded WorkItem by its content: equal records have equal ids, wherever they stand."""
    return blake2b(encoded, digest_size=_CONTENT_ID_BYTES).hexdigest()


def group_of(prompt: str) -> str | None:
    """Name for the group of all completions of a prompt, where the data names none."""
    return f"p-{blake2b(prompt.encode('utf-8', 'replace'), digest_size=_GROUP_BYTES).hexdigest()}" if prompt else None


def encode(item: WorkItem) -> bytes:
    """Raises ValueError on text that is no Unicode (lone surrogates) and on values that msgpack has no type for."""
    try:
        return codec.encode(item)
    except (TypeError, UnicodeEncodeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def plain(value: Any) -> Any:
    """Values of tables as JSON has them: tuples, sets and numpy arrays as lists, times as text, bytes as text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple | set):
        return [plain(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
