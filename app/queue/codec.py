"""What travels over Redis and to the children, as msgpack. Internal: every process of a deployment has one version."""

from typing import Any

import msgspec

from app.status import Status


class ComponentScore(msgspec.Struct, array_like=True, frozen=True):
    """What one reward said of one item."""

    score: float | None
    status: Status
    evidence: dict[str, Any] | None
    elapsed_us: int
    cached: bool = False


class ComponentWork(msgspec.Struct, array_like=True, frozen=True):
    """One component to compute for every item of a micro-batch."""

    index: int
    """Position in the rubric."""
    reward: str
    params: dict[str, Any]


class WorkItem(msgspec.Struct, array_like=True, frozen=True):
    """One item to score."""

    index: int
    """Position in the request."""
    completion: str
    prompt: str
    reference: dict[str, Any]
    language: str | None
    meta: dict[str, Any]
    known: dict[int, ComponentScore] = {}
    """Verdicts by position in the rubric that need no computing: of rewards that died of this item."""


class WorkBatch(msgspec.Struct, array_like=True, frozen=True):
    """A micro-batch: items of one request that need the same components of one lane."""

    request: str
    components: list[ComponentWork]
    evidence: bool
    items: list[WorkItem]


class ItemScores(msgspec.Struct, array_like=True, frozen=True):
    """Scores of one item: `(position in the rubric, score)` for each component of its micro-batch."""

    index: int
    components: list[tuple[int, ComponentScore]]


class Envelope(msgspec.Struct, frozen=True):
    """A micro-batch as the worker's parent sees it: enough to pass it on without decoding the items."""

    request: str
    reply_to: str
    items: int
    enqueued_ms: int
    deadline_ms: int
    """Since the epoch; past it the items need no scoring."""
    payload: bytes
    """A WorkBatch."""
    suspect: bool = False
    """Half of a micro-batch that its workers died of: the next death tells more."""

    def fields(self) -> dict[str, str | int | bytes]:
        """As fields of a stream entry."""
        return {
            "request": self.request,
            "reply_to": self.reply_to,
            "items": self.items,
            "enqueued_ms": self.enqueued_ms,
            "deadline_ms": self.deadline_ms,
            "payload": self.payload,
            "suspect": int(self.suspect),
        }

    @classmethod
    def from_fields(cls, fields: dict[bytes, bytes]) -> "Envelope":
        """Raises KeyError, ValueError on an entry that this version did not write."""
        return cls(
            fields[b"request"].decode(),
            fields[b"reply_to"].decode(),
            int(fields[b"items"]),
            int(fields[b"enqueued_ms"]),
            int(fields[b"deadline_ms"]),
            fields[b"payload"],
            fields[b"suspect"] == b"1",
        )

    def halves(self) -> "tuple[Envelope, Envelope]":
        """Two micro-batches with half of the items each."""
        batch = decode_batch(self.payload)
        middle = len(batch.items) // 2
        first, second = (
            msgspec.structs.replace(
                self,
                items=len(items),
                payload=encode(WorkBatch(batch.request, batch.components, batch.evidence, items)),
                suspect=True,
            )
            for items in (batch.items[:middle], batch.items[middle:])
        )
        return first, second


encode = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(WorkBatch).decode
decode_scores = msgspec.msgpack.Decoder(list[ItemScores]).decode


def same_for_all(batch: WorkBatch, status: Status, detail: str) -> list[ItemScores]:
    """Answer every component of every item with one status."""
    score = None if status.abstains else 0.0
    verdict = ComponentScore(score, status, {"detail": detail}, 0)
    return [ItemScores(item.index, [(c.index, verdict) for c in batch.components]) for item in batch.items]
