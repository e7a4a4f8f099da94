"""Is the service alive, is it ready, and what has it done: for probes and Prometheus."""

import asyncio

from fastapi import APIRouter, Request, Response

from app.api.bodies import Media, respond
from app.api.state import state_of
from app.queue.dispatch import queue_state
from app.queue.outage import QueueUnavailable
from app.queue.presence import live_workers

router = APIRouter(tags=["operations"])


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """Redis answers and at least one worker lives; 503 with the reason otherwise."""
    state = state_of(request)
    problems: list[str] = []
    workers = 0
    try:
        workers = await live_workers(state.server, state.keys)
        if not workers:
            problems.append("no worker lives: start one with `assay worker`")
    except QueueUnavailable as error:
        problems.append(f"the queue's server is away: {error}")
    response = respond(
        {"status": "unready" if problems else "ready", "problems": problems, "workers": workers}, Media.JSON
    )
    response.status_code = 503 if problems else 200
    return response


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus metrics, text exposition format."""
    state = state_of(request)
    try:
        queue, workers = await asyncio.gather(
            queue_state(state.server, state.keys), live_workers(state.server, state.keys)
        )
        state.metrics.queue(queue, workers)
    except QueueUnavailable:
        state.metrics.queue_away()
    state.metrics.in_flight.set(state.dispatcher.in_flight)
    state.metrics.inbound.set(state.inbound.held)
    state.metrics.jobs_kept.set(state.keeper.kept)
    return Response(state.metrics.expose(), media_type="text/plain; version=0.0.4; charset=utf-8")
