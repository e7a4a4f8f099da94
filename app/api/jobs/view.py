"""What is told of a job."""

import time
from datetime import UTC, datetime

import msgspec
from fastapi import Request

from app.api.auth.gate import owner_of
from app.api.errors import Problem
from app.api.state import state_of
from app.queue.jobs.model import JobSpec, JobState, JobStatus

Job = tuple[JobSpec, JobStatus]


class JobOut(msgspec.Struct, frozen=True):
    """`schemas.JobView`."""

    id: str
    state: JobState
    rubric: str
    priority: str
    items: int
    done: int
    abstained: int
    submitted_at: str
    started_at: str | None
    finished_at: str | None
    expires_at: str
    rate: float | None
    eta_s: float | None
    durable: bool | None = None


def view(job: Job, durable: bool | None = None) -> JobOut:
    """A job as it is now."""
    spec, status = job
    rate = _rate(status)
    left = spec.items - status.done
    return JobOut(
        spec.id,
        status.state,
        msgspec.json.decode(spec.rubric)["name"],
        spec.priority,
        spec.items,
        status.done,
        status.abstained,
        _iso(spec.created_ms),
        _iso(status.started_ms) if status.started_ms else None,
        _iso(status.finished_ms) if status.finished_ms else None,
        _iso(status.expires_ms),
        rate,
        round(left / rate, 1) if rate and not status.state.over else None,
        durable,
    )


async def job_of(request: Request, id_: str) -> Job:
    """The caller's job of this id. Raises Problem: 404."""
    found = await state_of(request).jobs.get(id_)
    if found is None or found[0].owner != owner_of(request.scope):
        raise Problem(404, "not-found", "No such job", f"{id_}: there is no such job, or it has expired")
    return found


def _rate(status: JobStatus) -> float | None:
    """Items a second since the start."""
    if not status.started_ms or not status.done:
        return None
    seconds = (status.finished_ms or time.time() * 1000) - status.started_ms
    return round(status.done / max(seconds / 1000, 1e-3), 1)


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
