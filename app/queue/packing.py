"""Packs items into micro-batches: of one request or several, as long as they need the same components of one lane.

An item equal to one that is in a micro-batch already takes no place of its own: it waits for the same scores.
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from app.queue import codec
from app.queue.codec import ComponentWork, RawBatch, RawEntry, WorkItem
from app.queue.pending import Pending
from app.queue.spool import Filed
from app.rubric import Rubric

_KEY_BYTES = 16
"""Chance of two different items of 10^9 having one key: below 10^-20."""
_KEPT = 256
"""Rubrics whose work is remembered."""


class Plan(NamedTuple):
    """What one kind of reference needs of one lane."""

    lane: str
    components: tuple[int, ...]
    """Positions in the rubric."""


@lru_cache(maxsize=_KEPT)
def components_of(rubric: Rubric) -> tuple[ComponentWork, ...]:
    """What is to be computed for each item, in the rubric's order."""
    return tuple(ComponentWork(i, c.reward.name, c.reward.version, c.params) for i, c in enumerate(rubric.components))


class Limits(NamedTuple):
    """Bounds of one micro-batch."""

    items: int
    bytes: int


class Work(NamedTuple):
    """What all items of a micro-batch have in common; hashable."""

    lane: str
    priority: str
    evidence: bool
    encoded: bytes
    """The components, as a list of ComponentWork."""

    @classmethod
    def of(cls, plan: Plan, components: Sequence[ComponentWork], priority: str, evidence: bool) -> "Work":
        return cls(plan.lane, priority, evidence, codec.encode([components[i] for i in plan.components]))

    def key(self, item: bytes | bytearray) -> bytes:
        """Content hash of an encoded item with what is computed of it; equal keys have equal scores."""
        return blake2b(item, digest_size=_KEY_BYTES, key=blake2b(self.encoded, digest_size=32).digest()).digest()


@lru_cache(maxsize=_KEPT)
def works_of(rubric: Rubric, kind: str, priority: str, evidence: bool) -> tuple[Work, ...]:
    """What an item with such a reference has in common with others, lane by lane."""
    components = components_of(rubric)
    return tuple(Work.of(Plan(*lane), components, priority, evidence) for lane in rubric.lanes(kind).items())


class Route(NamedTuple):
    """Who waits for the scores of an item."""

    pending: Pending
    item: int
    joined: bool
    """The item is equal to one that was there before."""


class Leaving(Enum):
    """Whether a micro-batch of few items is sent, full or not."""

    NOT = "not"
    LATER = "later"
    """Once others have had the time to join."""
    SOON = "soon"
    """With those who come in this turn of the loop."""


class Batch:
    """A micro-batch being filled, then under way."""

    def __init__(self, id_: str, work: Work, limits: Limits) -> None:
        self.id = id_
        self.work = work
        self._limits = limits
        self.routes: list[list[Route]] = []
        """By position."""
        self.keys: list[bytes | None] = []
        """By position; None where the scores are not to be used again."""
        self.waiting: set[Pending] = set()
        self.size = 0
        self.deadline = 0.0
        """The latest of those who wait."""
        self.stream_id: bytes | None = None
        """Once sent."""
        self.file: Filed | None = None
        """What holds its payload, if it is large."""
        self.leaving = Leaving.NOT
        self._entries: list[RawEntry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, request: str, item: WorkItem, size: int, key: bytes | None, route: Route) -> int:
        """Put an item of so many bytes in; its position."""
        position = len(self._entries)
        self._entries.append(RawEntry(position, request, item))
        self.routes.append([])
        self.keys.append(key)
        self.size += size
        self.join(position, route)
        return position

    def join(self, position: int, route: Route) -> None:
        """Wait for the scores of an item that is there."""
        self.routes[position].append(route)
        if route.pending not in self.waiting:
            self.waiting.add(route.pending)
            self.deadline = max(self.deadline, route.pending.deadline)

    def full(self, more: int) -> bool:
        """Whether an item of so many bytes needs another micro-batch."""
        held = len(self._entries)
        return held >= self._limits.items or (held > 0 and self.size + more > self._limits.bytes)

    def encode_into(self, buffer: bytearray) -> None:
        """Write it as a WorkBatch, in place of what the buffer holds."""
        codec.encode_into(RawBatch(codec.Raw(self.work.encoded), self.work.evidence, self._entries), buffer)

    def sent(self, stream_id: bytes) -> None:
        """The items' texts are Redis's from now on."""
        self.stream_id = stream_id
        self._entries = []
