"""What flows through offline work: records that can be scored, and rows that can't."""

from hashlib import blake2b
from typing import NamedTuple

from msgspec import Struct
from xxhash import xxh3_128_hexdigest

from app.queue import codec
from app.queue.codec import ComponentScore, WorkItem
from app.rewards.base import Sample

_GROUP_BYTES = 6


Scores = list[ComponentScore]
"""One record's scores, in the order of the rubric's `components`."""


class Place(Struct, array_like=True, frozen=True, gc=False):
    """Where a record stands in the input."""

    file: int
    """Position of the file among the inputs."""
    row: int
    """From 1: the line of a JSONL file, the row of a table."""
    part: int = 0
    """Position among the records that one row holds."""


class Record(Struct, frozen=True, gc=False):
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
    """Id of an item by its content: XXH3 in 128 bits, which tells a billion items apart (chance of two alike: below
    10^-20) and costs a twentieth of SHA-256. It is no proof against somebody who makes two items for one id.

    Raises ValueError on text that is no Unicode (lone surrogates) and on values that msgpack has no type for.
    """
    try:
        return xxh3_128_hexdigest(codec.encode(item))
    except (TypeError, UnicodeEncodeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def group_of(prompt: str) -> str | None:
    """Name for the group of all completions of a prompt, where the data names none."""
    return f"p-{blake2b(prompt.encode('utf-8', 'replace'), digest_size=_GROUP_BYTES).hexdigest()}" if prompt else None
