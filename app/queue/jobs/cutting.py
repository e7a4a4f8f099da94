"""Cuts a job into chunks of consecutive items, and each chunk into micro-batches, one or more for each lane."""

from collections.abc import Iterable, Iterator

from app.queue import codec
from app.queue.codec import RawBatch, RawEntry, WorkItem
from app.queue.jobs.model import JobBatch
from app.queue.packing import Limits, Work


class Cutter:
    """One for each job; `plan` grows with the chunks."""

    def __init__(self, job: str, limits: Limits) -> None:
        self._job = job
        self._limits = limits
        self.plan: list[JobBatch] = []

    def cut(self, chunk: int, items: Iterable[tuple[WorkItem, tuple[Work, ...]]]) -> list[tuple[int, bytes]]:
        """Micro-batches of a chunk, with their numbers; entries are numbered by their position in the chunk."""
        by_work: dict[Work, list[tuple[RawEntry, int]]] = {}
        for position, (item, works) in enumerate(items):
            encoded = codec.encode(item)
            entry = RawEntry(position, self._job, codec.Raw(encoded))
            for work in works:
                by_work.setdefault(work, []).append((entry, len(encoded)))
        found: list[tuple[int, bytes]] = []
        for work, entries in by_work.items():
            components = codec.Raw(work.encoded)
            for some in self._within_limits(entries):
                payload = codec.encode(RawBatch(components, work.evidence, some))
                found.append((len(self.plan), payload))
                self.plan.append(JobBatch(chunk, work.lane, len(some), len(payload)))
        return found

    def _within_limits(self, entries: list[tuple[RawEntry, int]]) -> Iterator[list[RawEntry]]:
        some: list[RawEntry] = []
        size = 0
        for entry, more in entries:
            if some and (len(some) >= self._limits.items or size + more > self._limits.bytes):
                yield some
                some, size = [], 0
            some.append(entry)
            size += more
        if some:
            yield some
