"""`POST /v1/score`: a batch of completions in, rewards out."""

import time
from collections.abc import AsyncGenerator

import msgspec
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from app.api.bodies import Media, accepted, parse, respond
from app.api.errors import bad_rubric
from app.api.results import ItemOut, ResponseOut, Tally
from app.api.state import State, state_of
from app.api.work import components_of, work_of
from app.observe.metrics import Metrics
from app.queue.batching import Limits, micro_batches
from app.queue.pending import Pending
from app.rubric import BadRubric, Rubric, resolve
from app.schemas import ScoreRequest, ScoreResponse

router = APIRouter()
_log = structlog.get_logger(__name__)
_SCHEMA = {"application/json": {"schema": {"$ref": "#/components/schemas/ScoreRequest"}}}


@router.post(
    "/v1/score",
    response_model=None,
    responses={200: {"model": ScoreResponse}},
    openapi_extra={"requestBody": {"required": True, "content": _SCHEMA}},
)
async def score(request: Request) -> Response:
    """Score a batch of completions.

    JSON or msgpack, as `Content-Type` and `Accept` say. With `Accept: application/x-ndjson` each result is a line
    as soon as it is ready, with the item's `index`; the last line has `rubric`, `groups` and `usage`.
    """
    started = time.monotonic()
    state = state_of(request)
    body = await parse(request, ScoreRequest, state.settings.max_body_bytes)
    try:
        rubric = resolve(body.rubric)
    except BadRubric as error:
        raise bad_rubric(error) from None
    deadline = started + body.options.deadline_ms / 1000
    request_id: str = request.state.request_id
    pending = state.dispatcher.expect(request_id, len(body.items), len(rubric.components), deadline)
    try:
        await _send(state, request_id, body, rubric, pending)
    except BaseException:
        state.dispatcher.forget(pending)
        raise
    tally = Tally(rubric, body.items, pending, body.options.on_abstain)
    results = _collect(state, pending, tally, rubric, started)
    media = accepted(request)
    if media is Media.NDJSON:
        return StreamingResponse(_lines(results, tally, rubric, started), media_type=Media.NDJSON)
    async for _ in results:
        pass
    elapsed = time.monotonic() - started
    return respond(ResponseOut(rubric.name, tally.results(), tally.groups(), tally.usage(elapsed)), media)


async def _send(state: State, request_id: str, body: ScoreRequest, rubric: Rubric, pending: Pending) -> None:
    settings = state.settings
    batches = micro_batches(
        request_id,
        work_of(body.items, rubric),
        components_of(rubric),
        body.options.evidence != "none",
        Limits(settings.batch_items, settings.batch_bytes),
    )
    await state.dispatcher.send(batches, pending, body.options.priority)


async def _collect(
    state: State, pending: Pending, tally: Tally, rubric: Rubric, started: float
) -> AsyncGenerator[tuple[int, ItemOut]]:
    """Results as they are ready; forgets the request at the end, also when the client has gone."""
    try:
        async for index in pending.ready():
            result = tally.add(index)
            _observe(state.metrics, result)
            yield index, result
    finally:
        state.dispatcher.forget(pending)
        state.metrics.answered(rubric.name, tally.scored, tally.abstained)
        state.metrics.queue_wait.observe(pending.queue_ms / 1000)
        _log.info(
            "scored",
            request=pending.request,
            rubric=rubric.name,
            items=len(pending.scores),
            ms=round((time.monotonic() - started) * 1000, 1),
        )


async def _lines(
    results: AsyncGenerator[tuple[int, ItemOut]], tally: Tally, rubric: Rubric, started: float
) -> AsyncGenerator[bytes]:
    encode = msgspec.json.encode
    async for index, result in results:
        yield encode({"index": index, **msgspec.structs.asdict(result)}) + b"\n"
    usage = tally.usage(time.monotonic() - started)
    yield encode({"rubric": rubric.name, "groups": tally.groups(), "usage": usage}) + b"\n"


def _observe(metrics: Metrics, result: ItemOut) -> None:
    for name, component in result.components.items():
        metrics.component(name).observe(component.score, component.status, component.elapsed_ms / 1000)
