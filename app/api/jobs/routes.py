"""Routes of jobs."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.api.auth.gate import capped, owner_of
from app.api.bodies import Media, accepted, encoder, respond
from app.api.disconnect import while_connected
from app.api.jobs.counting import JobRubrics
from app.api.jobs.events import events
from app.api.jobs.results import JobResults
from app.api.jobs.submit import Submission, once_of
from app.api.jobs.view import Job, job_of, view
from app.api.lines import line_response
from app.api.received import Bounds, receive
from app.api.results import item_encoder
from app.api.state import state_of
from app.queue.jobs.model import JobState
from app.schemas import MAX_JOB_ITEMS, JobPage, JobRequest, JobView

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_MOST_LISTED = 1000
_PAGE = 1000
_LONGEST_PAGE = 10_000
_POLL_S = 0.2
_rubrics = JobRubrics()
_SCHEMA = {
    "application/json": {"schema": {"$ref": "#/components/schemas/JobRequest"}},
    "application/x-ndjson": {"schema": {"type": "string"}},
}
Offset = Annotated[int, Query(ge=0, le=MAX_JOB_ITEMS)]


@router.post(
    "",
    response_model=None,
    status_code=202,
    responses={202: {"model": JobView}, 200: {"model": JobView, "description": "The idempotency key's job"}},
    openapi_extra={"requestBody": {"required": True, "content": _SCHEMA}},
)
async def submit(request: Request, idempotency_key: Annotated[str | None, Header()] = None) -> Response:
    """Submit a batch to be scored in the background: the body of `/v1/score`, or NDJSON, up to a million items.

    The answer comes once the job is safe in Redis; `durable` says whether it is on its disk too.
    """
    state = state_of(request)
    settings = state.settings
    bounds = Bounds(settings.max_body_bytes, settings.max_stream_bytes, MAX_JOB_ITEMS)
    received = await receive(request, JobRequest, bounds)
    options = received.head.options
    priority = capped(request.scope, options.priority if "priority" in options.model_fields_set else "offline")
    submission = Submission(state, received, owner_of(request.scope), priority, once_of(received, idempotency_key))
    id_, new, durable = await while_connected(request.scope, submission.submit())
    if new and (owner := owner_of(request.scope)):
        state.metrics.key_items.labels(owner).inc(received.items or 0)
    state.metrics.jobs.labels("submitted" if new else "repeated").inc()
    job = await job_of(request, id_)
    response = respond(view(job, durable), Media.JSON)
    response.status_code = 202 if new else 200
    response.headers["Location"] = f"/v1/jobs/{id_}"
    return response


@router.get("", responses={200: {"model": list[JobView]}}, response_model=None)
async def jobs(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = 100,
    before: datetime | None = None,
    state: JobState | None = None,
) -> Response:
    """The caller's jobs, the newest first; `before` a time of submission."""
    before_ms = int(before.timestamp() * 1000) if before else None
    found = await state_of(request).jobs.recent(limit, before_ms)
    owner = owner_of(request.scope)
    shown = [view(job) for job in found if job[0].owner == owner and state in (None, job[1].state)]
    return respond(shown, Media.JSON)


@router.get("/{job}", responses={200: {"model": JobView}}, response_model=None)
async def job(request: Request, job: str) -> Response:
    """How far a job is."""
    return respond(view(await job_of(request, job)), Media.JSON)


@router.get("/{job}/results", responses={200: {"model": JobPage}}, response_model=None)
async def results(
    request: Request, job: str, offset: Offset = 0, limit: Annotated[int, Query(ge=1, le=_LONGEST_PAGE)] = _PAGE
) -> Response:
    """Results in the order of the items, from `offset` on.

    JSON: a page up to the first item that is not scored yet; `next` is where to go on, null at the end. With
    `Accept: application/x-ndjson`: all of them, each as soon as it and all before it are ready, then a line with
    `rubric`, `groups` (where `offset` is 0) and `job`.
    """
    found = await job_of(request, job)
    media = accepted(request)
    if media is Media.NDJSON:
        return await line_response(request, _follow(request, found, offset), at_once=True)
    page: list[msgspec.Raw] = []
    encode = item_encoder(media)
    position = offset
    async for index, _, result in _reader(request, found).each(offset, offset + limit):
        if result is not None:
            page.append(msgspec.Raw(encode({"index": index, **msgspec.structs.asdict(result)})))
        elif not found[1].state.over:
            break
        position = index + 1
    over = found[1].state.over and position >= found[0].items
    return respond({"results": page, "next": None if over else position, "job": view(found)}, media)


@router.get("/{job}/groups", response_model=None)
async def groups(request: Request, job: str) -> Response:
    """Statistics of the job's groups, over the items that are scored so far."""
    found = await job_of(request, job)
    return respond({"groups": await _reader(request, found).groups()}, accepted(request))


@router.get("/{job}/events", response_model=None, responses={200: {"content": {"text/event-stream": {}}}})
async def watch(request: Request, job: str, last_event_id: Annotated[str | None, Header()] = None) -> Response:
    """Server-sent events: `progress` whenever the job changes, `end` when it is over."""
    stream = events(state_of(request).jobs, await job_of(request, job), last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.delete("/{job}", responses={200: {"model": JobView}}, response_model=None)
async def cancel(request: Request, job: str, purge: bool = False) -> Response:
    """Cancel what has not started; what is scored stays readable, unless `purge` deletes it at once."""
    found = await job_of(request, job)
    state = state_of(request)
    if purge:
        await state.jobs.delete(job)
        state.metrics.jobs.labels("purged").inc()
        return Response(status_code=204)
    if not found[1].state.over:
        await state.jobs.end(job, JobState.CANCELLED)
        state.metrics.jobs.labels("cancelled").inc()
    return respond(view(await job_of(request, job)), Media.JSON)


async def _follow(request: Request, job: Job, offset: int) -> AsyncGenerator[bytes]:
    """Lines of all results, as they become ready."""
    encode = encoder(Media.JSON)
    position = offset
    while True:
        reader = _reader(request, job)
        async for index, _, result in reader.each(position, job[0].items):
            if result is not None:
                yield encode({"index": index, **msgspec.structs.asdict(result)}) + b"\n"
            elif not job[1].state.over:
                break
            position = index + 1
        if job[1].state.over:
            break
        await asyncio.sleep(_POLL_S)
        job = await job_of(request, job[0].id)
    summary = await reader.groups() if offset == 0 else None
    rubric = view(job).rubric
    yield encode({"rubric": rubric, "groups": summary, "job": view(job)}) + b"\n"


def _reader(request: Request, job: Job) -> JobResults:
    return JobResults(state_of(request).jobs, job, _rubrics.of(job[0]))
