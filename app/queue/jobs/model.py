"""What is kept of a job."""

from enum import StrEnum
from typing import Any

import msgspec

from app.queue.codec import ComponentScore, ComponentWork

Rows = list[list[ComponentScore | None]]
"""Scores of the items of a chunk, by component; None until known."""


class JobState(StrEnum):
    """A job's way: `queued` until its first items are in the queue, then `running`, then one of the others."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self in (JobState.DONE, JobState.CANCELLED)


class JobLabel(msgspec.Struct, array_like=True, frozen=True):
    """What of an item is not scored."""

    id: str
    group: str | None


class JobSample(msgspec.Struct, array_like=True, frozen=True):
    """What group rewards need of an item."""

    completion: str
    meta: dict[str, Any]


class JobSpec(msgspec.Struct, frozen=True):
    """A job as it was submitted: rubric files may change while it runs, the job does not."""

    id: str
    owner: str
    """Name of the API key; empty without keys."""
    rubric: bytes
    """The rubric itself, as JSON."""
    components: list[ComponentWork]
    priority: str
    evidence: bool
    on_abstain: str | float | None
    created_ms: int
    deadline_ms: int
    """Since the epoch; past it what is not scored abstains with `timeout`."""
    chunk: int
    """Items of a chunk: consecutive ones, whose scores are kept together."""
    digest: bytes
    """Hash of all that was submitted."""
    items: int = 0
    batches: int = 0
    size: int = 0
    """Bytes of the micro-batches."""

    def chunk_items(self, number: int) -> int:
        """Items of a chunk; the last one may be short."""
        return min(self.chunk, self.items - number * self.chunk)


class JobBatch(msgspec.Struct, array_like=True, frozen=True):
    """A micro-batch of a job: part of a chunk, for one lane."""

    chunk: int
    lane: str
    items: int
    size: int


class JobStatus(msgspec.Struct, frozen=True):
    """How far a job is."""

    state: JobState
    version: int
    """Counts changes."""
    done: int
    """Items with all their scores."""
    abstained: int
    fed: int
    """Micro-batches that were put into the queue."""
    started_ms: int | None
    finished_ms: int | None
    expires_ms: int
    """When everything about the job is deleted."""

    @classmethod
    def from_fields(cls, fields: dict[bytes, bytes]) -> "JobStatus":
        def number(name: bytes) -> int:
            return int(fields.get(name, b"0"))

        return cls(
            JobState(fields[b"state"].decode()),
            number(b"version"),
            number(b"done"),
            number(b"abstained"),
            number(b"fed"),
            number(b"started_ms") or None,
            number(b"finished_ms") or None,
            number(b"expires_ms"),
        )


encode = msgspec.msgpack.Encoder().encode
decode_spec = msgspec.msgpack.Decoder(JobSpec).decode
decode_batches = msgspec.msgpack.Decoder(list[JobBatch]).decode
decode_labels = msgspec.msgpack.Decoder(list[JobLabel]).decode
decode_samples = msgspec.msgpack.Decoder(list[JobSample]).decode
decode_rows = msgspec.msgpack.Decoder(Rows).decode
