"""What travels over Redis and to the children, as msgpack. Internal: every process of a deployment has one version."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from app.queue.spool import Filed, load
from app.status import Status


class ComponentScore(msgspec.Struct, array_like=True, frozen=True):
    """What one reward said of one item."""

    score: float | None
    status: Status
    evidence_json: bytes | None
    """Most of it is passed on unread."""
    elapsed_us: int
    cached: bool = False

    @classmethod
    def of(
        cls,
        score: float | None,
        status: Status,
        evidence: Mapping[str, Any] | None,
        elapsed_us: int,
        cached: bool = False,
    ) -> "ComponentScore":
        """The same with evidence that was not encoded yet."""
        return cls(score, status, None if evidence is None else _as_json(evidence), elapsed_us, cached)

    @property
    def evidence(self) -> dict[str, Any]:
        """Empty where there is none."""
        return _of_json(self.evidence_json) if self.evidence_json is not None else {}


class ComponentWork(msgspec.Struct, array_like=True, frozen=True):
    """One component to compute for every item of a micro-batch."""

    index: int
    """Position in the rubric."""
    reward: str
    version: int
    params: dict[str, Any]


class WorkItem(msgspec.Struct, array_like=True, frozen=True):
    """What rewards see of an item: equal items have equal scores."""

    completion: str
    prompt: str
    reference: dict[str, Any]
    language: str | None
    meta: dict[str, Any]


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One item in a micro-batch."""

    index: int
    """Position in the micro-batch as it was first sent."""
    request: str
    """Id of the request, for logs."""
    item: WorkItem
    known: dict[int, ComponentScore] = {}
    """Verdicts by position in the rubric that need no computing: of rewards that died of this item."""


class RawEntry(msgspec.Struct, array_like=True, frozen=True):
    """An Entry to encode; its item may be that already."""

    index: int
    request: str
    item: Raw | WorkItem


class WorkBatch(msgspec.Struct, array_like=True, frozen=True):
    """A micro-batch: items, of one request or several, that need the same components of one lane."""

    components: list[ComponentWork]
    evidence: bool
    entries: list[Entry]

    def having(self, entries: list[Entry]) -> "WorkBatch":
        """The same work for other entries."""
        return WorkBatch(self.components, self.evidence, entries)


class RawBatch(msgspec.Struct, array_like=True, frozen=True):
    """A WorkBatch to encode; its components may be that already."""

    components: Raw | list[ComponentWork]
    evidence: bool
    entries: list[RawEntry]


class ItemScores(msgspec.Struct, array_like=True, frozen=True):
    """Scores of one item: `(position in the rubric, score)` for each component of its micro-batch."""

    index: int
    """Of the Entry."""
    components: list[tuple[int, ComponentScore]]


class Envelope(msgspec.Struct, frozen=True):
    """A micro-batch as the worker's parent sees it: enough to pass it on without decoding the items."""

    batch: str
    reply_to: str
    items: int
    ttl_ms: int
    """Time from when it is put into the queue; past it the items need no scoring. No clock of a host is in it."""
    payload: bytes | Filed
    """A WorkBatch, or the file it is in."""
    suspect: bool = False
    """Half of a micro-batch that its workers died of: the next death tells more."""

    def fields(self) -> dict[str, str | int | bytes]:
        """As fields of a stream entry."""
        return {
            "batch": self.batch,
            "reply_to": self.reply_to,
            "items": self.items,
            "ttl_ms": self.ttl_ms,
            "payload": self.payload if isinstance(self.payload, bytes) else b"",
            "suspect": int(self.suspect),
            "file": b"" if isinstance(self.payload, bytes) else bytes(self.payload),
        }

    @classmethod
    def from_fields(cls, fields: dict[bytes, bytes]) -> "Envelope":
        """Raises KeyError, ValueError on an entry that this version did not write."""
        file = fields.get(b"file")
        return cls(
            fields[b"batch"].decode(),
            fields[b"reply_to"].decode(),
            int(fields[b"items"]),
            int(fields[b"ttl_ms"]),
            Filed.from_bytes(file) if file else fields[b"payload"],
            fields[b"suspect"] == b"1",
        )

    def whole(self) -> "Envelope":
        """The same with its payload in it. Raises spool.Gone."""
        return msgspec.structs.replace(self, payload=load(self.payload))

    def halves(self, age_ms: float) -> "tuple[Envelope, Envelope]":
        """Two micro-batches with half of the items each, of one of such an age. Raises spool.Gone."""
        batch = decode_batch(load(self.payload))
        middle = len(batch.entries) // 2
        first, second = (
            msgspec.structs.replace(
                self,
                items=len(entries),
                ttl_ms=max(0, self.ttl_ms - int(age_ms)),
                payload=encode(batch.having(entries)),
                suspect=True,
            )
            for entries in (batch.entries[:middle], batch.entries[middle:])
        )
        return first, second


_as_json = msgspec.json.Encoder().encode
_of_json = msgspec.json.Decoder(dict[str, Any]).decode
encode = msgspec.msgpack.Encoder().encode
encode_into = msgspec.msgpack.Encoder().encode_into
decode_batch = msgspec.msgpack.Decoder(WorkBatch).decode
decode_scores = msgspec.msgpack.Decoder(list[ItemScores]).decode


def same_for_all(batch: WorkBatch, status: Status, detail: str) -> list[ItemScores]:
    """Answer every component of every item with one status."""
    score = None if status.abstains else 0.0
    verdict = ComponentScore.of(score, status, {"detail": detail}, 0)
    return [ItemScores(entry.index, [(c.index, verdict) for c in batch.components]) for entry in batch.entries]
