"""Takes a job in: checks it, writes it to Redis a few chunks at a time, makes it a job when all of it is there."""

import time
import uuid
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from app.api.errors import Problem, bad_rubric
from app.api.items import ItemIn
from app.api.received import Received
from app.api.results import labels_of
from app.api.state import State
from app.api.work import kept_for_groups, work_of
from app.queue import codec
from app.queue.jobs.cutting import Cutter
from app.queue.jobs.model import JobLabel, JobSample, JobSpec
from app.queue.jobs.store import Piece
from app.queue.packing import components_of
from app.rubric import BadRubric, Rubric, bind, presets
from app.schemas import JobRequest, RubricSpec, ScoreRequest

_LONGEST_KEY = 256
_PIECES_AT_ONCE = 16
"""Chunks written in one round trip."""


class Submission:
    """One job on its way in. Raises Problem if its rubric can't be used."""

    def __init__(self, state: State, received: Received, owner: str, priority: str, once: str | None) -> None:
        self._state = state
        self._received = received
        self._once = once
        head = received.head
        rubric, self._rubric = _rubric_of(head)
        options = head.options
        given = options.model_fields_set
        now = int(time.time() * 1000)
        settings = state.settings
        last = now + state.jobs.ttl_s * 1000
        self._spec = JobSpec(
            id=f"job_{uuid.uuid4().hex}",
            owner=owner,
            rubric=rubric.model_dump_json().encode(),
            components=list(components_of(self._rubric)),
            priority=priority,
            evidence=options.evidence != "none",
            on_abstain=options.on_abstain,
            created_ms=now,
            deadline_ms=now + options.deadline_ms if "deadline_ms" in given else last,
            chunk=settings.batch_items,
            digest=b"",
        )
        self._cutter = Cutter(self._spec.id, state.limits)
        self._digest = blake2b(head.model_dump_json(exclude={"items", "idempotency_key"}).encode(), digest_size=16)
        self._pieces: list[Piece] = []
        self._items = 0

    async def submit(self) -> tuple[str, bool, bool]:
        """The job's id; whether it is new; whether it is on disk. Raises Problem, TooManyJobs, QueueUnavailable."""
        try:
            await self._write_all()
            spec = msgspec.structs.replace(
                self._spec,
                digest=self._digest.digest(),
                items=self._items,
                batches=len(self._cutter.plan),
                size=sum(batch.size for batch in self._cutter.plan),
            )
            settings = self._state.settings
            id_, durable = await self._state.jobs.commit(
                spec, self._cutter.plan, self._once, most=settings.max_jobs, most_bytes=settings.max_jobs_bytes
            )
        except BaseException:
            await self._state.jobs.discard(self._spec.id)
            raise
        if id_ == spec.id:
            self._state.keeper.wake()
            return id_, True, durable
        await self._state.jobs.discard(spec.id)
        await self._check_same(id_, spec.digest)
        return id_, False, durable

    async def _write_all(self) -> None:
        rest: list[ItemIn] = []
        async for items in self._received.windows():
            rest.extend(items)
            size = self._spec.chunk
            whole = len(rest) // size * size
            for start in range(0, whole, size):
                await self._take(rest[start : start + size])
            rest = rest[whole:]
        if rest:
            await self._take(rest)
        await self._flush()

    async def _take(self, items: Sequence[ItemIn]) -> None:
        number = self._items // self._spec.chunk
        labels = [JobLabel(label.id, label.group) for label in labels_of(items, self._items)]
        samples = [JobSample(s.completion, dict(s.meta)) for s in kept_for_groups(items, self._rubric)]
        work = list(work_of(items, self._rubric, self._spec.priority, evidence=self._spec.evidence))
        batches = self._cutter.cut(number, work)
        self._digest.update(codec.encode((labels, [item for item, _ in work])))
        self._pieces.append(Piece(number, labels, samples, batches))
        self._items += len(items)
        if len(self._pieces) >= _PIECES_AT_ONCE:
            await self._flush()

    async def _flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces:
            await self._state.jobs.write(self._spec.id, pieces)

    async def _check_same(self, id_: str, digest: bytes) -> None:
        """The idempotency key made another job: it must be the same one."""
        found = await self._state.jobs.get(id_)
        if found is not None and found[0].digest != digest:
            raise Problem(
                409,
                "idempotency-conflict",
                "The idempotency key was used for another job",
                f"Idempotency-Key: job {id_} was submitted with another body; use a new key",
            )


def once_of(received: Received, header: str | None) -> str | None:
    """The idempotency key, from the header or the body. Raises Problem: 422."""
    head = received.head
    field = head.idempotency_key if isinstance(head, JobRequest) else None
    if header is not None and not 0 < len(header) <= _LONGEST_KEY:
        raise Problem(422, "invalid", "The header can't be used", f"Idempotency-Key: 1 to {_LONGEST_KEY} characters")
    return header if header is not None else field


def _rubric_of(head: ScoreRequest) -> tuple[RubricSpec, Rubric]:
    try:
        if isinstance(head.rubric, RubricSpec):
            return head.rubric, bind(head.rubric)
        spec = presets().get(head.rubric)
        if spec is None:
            raise BadRubric((), f"unknown rubric '{head.rubric}'; there are: {', '.join(presets())}")
        return spec, bind(spec)
    except BadRubric as error:
        raise bad_rubric(error) from None
