"""One item, one reward, through the same queue as everything: for routes that score one thing a request."""

import time

from fastapi import Request

from app.api.auth.gate import capped
from app.api.disconnect import while_connected
from app.api.results import ComponentOut
from app.api.state import state_of
from app.queue.codec import ComponentScore, WorkItem
from app.queue.packing import works_of
from app.queue.pending import Pending
from app.rubric import bind
from app.schemas import ComponentSpec, RubricSpec


async def compute(request: Request, item: WorkItem, reward: str, deadline_s: float) -> ComponentScore:
    """What a reward says of an item. Raises QueueFull, QueueUnavailable, ClientGone."""
    return await while_connected(request.scope, _compute(request, item, reward, deadline_s))


async def _compute(request: Request, item: WorkItem, reward: str, deadline_s: float) -> ComponentScore:
    state = state_of(request)
    rubric = bind(RubricSpec(components={reward: ComponentSpec(reward=reward)}))
    priority = capped(request.scope, "online")
    pending = Pending(request.state.request_id, 1, 1, time.monotonic() + deadline_s)
    state.dispatcher.expect(pending)
    try:
        await state.dispatcher.submit(
            [(item, works_of(rubric, item.reference["kind"], priority, True))],
            pending,
            priority=priority,
            reuse=False,  # A program may well be run again to see whether it does the same.
        )
        async for _ in pending.ready():
            pass
    finally:
        state.dispatcher.forget(pending)
    [score] = [score for score in pending.scores[0] if score is not None]
    state.metrics.scored((reward,), [{reward: ComponentOut.of(score)}])
    return score
