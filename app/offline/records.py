"""What flows through offline work: records that can be scored, and rows that can't."""

from hashlib import blake2b, sha256
from typing import NamedTuple

from app.queue import codec
from app.queue.codec import ComponentScore, WorkItem
from app.rewards.base import Sample

_CONTENT_ID_BYTES = 16
"""Chance of two different records of 10^9 sharing an id: below 10^-20."""
_GROUP_BYTES = 6


Scores = list[ComponentScore]
"""One record's scores, in the order of the rubric's `components`."""


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
    content_id: str
    """By the item alone: equal items have equal ids, wherever they stand."""
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


def content_id(item: WorkItem) -> str:
    """Id of an item by its content.

    Raises ValueError on text that is no Unicode (lone surrogates) and on values that msgpack has no type for.
    """
    encoded = bytearray()
    try:
        _encode_into(item, encoded)
    except (TypeError, UnicodeEncodeError, OverflowError) as error:
        raise ValueError(str(error)) from None
    return sha256(encoded).hexdigest()[: 2 * _CONTENT_ID_BYTES]


_encode_into = codec.msgspec.msgpack.Encoder().encode_into


def group_of(prompt: str) -> str | None:
    """Name for the group of all completions of a prompt, where the data names none."""
    return f"p-{blake2b(prompt.encode('utf-8', 'replace'), digest_size=_GROUP_BYTES).hexdigest()}" if prompt else None
