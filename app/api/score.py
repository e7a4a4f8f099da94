"""`POST /v1/score`: a batch of completions in, rewards out."""

import asyncio
import time
from collections.abc import AsyncGenerator

import msgspec
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from app.api.bodies import Media, accepted, parse, respond
from app.api.disconnect import while_connected
from app.api.errors import bad_rubric
from app.api.results import ItemOut, ResponseOut, Tally, UsageOut, labels_of
from app.api.state import State, state_of
from app.api.work import components_of, kept_for_groups, work_of
from app.observe.metrics import Metrics
from app.queue.pending import Pending
from app.rewards.base import Sample
from app.rubric import BadRubric, resolve
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
    Equal items share their scores, and may have earlier ones, unless `Cache-Control: no-store` is sent.
    """
    started = time.monotonic()
    state = state_of(request)
    scoring = Scoring(
        state, request.state.request_id, await parse(request, ScoreRequest, state.settings.max_body_bytes), started
    )
    reuse = "no-store" not in request.headers.get("cache-control", "")
    media = accepted(request)
    if media is not Media.NDJSON:
        return respond(await while_connected(request, scoring.whole(reuse)), media)
    lines = scoring.lines(reuse)
    first = await anext(lines)  # What fails at once is an answer of its own, not a broken stream.
    return StreamingResponse(_chain(first, lines), media_type=Media.NDJSON)


class Scoring:
    """One request on its way through the queue. Raises Problem if the rubric can't be used."""

    def __init__(self, state: State, request: str, body: ScoreRequest, started: float) -> None:
        try:
            self._rubric = rubric = resolve(body.rubric)
        except BadRubric as error:
            raise bad_rubric(error) from None
        self._state = state
        self._items = body.items
        self._options = body.options
        self._started = started
        deadline = started + body.options.deadline_ms / 1000
        self._pending = Pending(request, len(body.items), len(rubric.components), deadline)
        self._tally = Tally(rubric, labels_of(body.items), self._pending, body.options.on_abstain)

    async def whole(self, reuse: bool) -> ResponseOut:
        """The response, once all items are scored."""
        async for _ in self._results(reuse):
            pass
        return ResponseOut(self._rubric.name, self._tally.results(), self._tally.groups(), self._usage())

    async def lines(self, reuse: bool) -> AsyncGenerator[bytes]:
        """The response as NDJSON, each result as soon as it is ready."""
        encode = msgspec.json.encode
        async for index, result in self._results(reuse):
            yield encode({"index": index, **msgspec.structs.asdict(result)}) + b"\n"
        end = {"rubric": self._rubric.name, "groups": self._tally.groups(), "usage": self._usage()}
        yield encode(end) + b"\n"

    async def _results(self, reuse: bool) -> AsyncGenerator[tuple[int, ItemOut]]:
        """Submit the work and yield results as they are ready; whatever happens, nothing of it stays behind."""
        dispatcher, options = self._state.dispatcher, self._options
        items, self._items = self._items, []  # Once they are sent, their texts are Redis's to keep.
        samples = kept_for_groups(items, self._rubric)
        try:
            dispatcher.expect(self._pending)
            await dispatcher.submit(
                work_of(items, self._rubric),
                components_of(self._rubric),
                self._pending,
                priority=options.priority,
                evidence=options.evidence != "none",
                reuse=reuse,
            )
            del items
            async for index, result in self._tallied(samples):
                _observe(self._state.metrics, result)
                yield index, result
        finally:
            dispatcher.forget(self._pending)
            self._record()

    async def _tallied(self, samples: list[Sample]) -> AsyncGenerator[tuple[int, ItemOut]]:
        """Results as their items are complete; all at the end where a component needs whole groups."""
        if not self._rubric.group_components:
            async for index in self._pending.ready():
                yield index, self._tally.add(index)
            return
        async for _ in self._pending.ready():
            pass
        grouped = await asyncio.to_thread(self._tally.grouped, samples)
        for index, components in enumerate(grouped):
            yield index, self._tally.add(index, components)

    def _usage(self) -> UsageOut:
        return self._tally.usage(time.monotonic() - self._started)

    def _record(self) -> None:
        metrics, tally = self._state.metrics, self._tally
        metrics.answered(self._rubric.name, tally.scored, tally.abstained)
        metrics.queue_wait.observe(self._pending.queue_ms / 1000)
        milliseconds = round((time.monotonic() - self._started) * 1000, 1)
        _log.info(
            "scored",
            rubric=self._rubric.name,
            items=len(self._pending.scores),
            scored=tally.scored,
            abstained=tally.abstained,
            ms=milliseconds,
        )


async def _chain(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for line in rest:
            yield line
    finally:
        await rest.aclose()


def _observe(metrics: Metrics, result: ItemOut) -> None:
    for name, component in result.components.items():
        metrics.component(name).observe(component.score, component.status, component.elapsed_ms / 1000)
