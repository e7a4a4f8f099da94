"""`POST /v1/score`: a batch of completions in, rewards out."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import msgspec
import structlog
from fastapi import APIRouter, Request, Response
from starlette.types import Scope

from app.api.auth.gate import capped, owner_of
from app.api.bodies import Media, accepted, may_reuse, respond
from app.api.disconnect import ClientGone, while_connected
from app.api.errors import Problem, bad_rubric
from app.api.items import ItemIn
from app.api.lines import line_response
from app.api.received import WINDOW_ITEMS, Bounds, Received, receive
from app.api.results import Combiner, ItemOut, ResponseOut, Tally, UsageOut, item_encoder, labels_of
from app.api.state import State, state_of
from app.api.work import kept_for_groups, work_of
from app.observe.logs import debugs
from app.queue.codec import WorkItem
from app.queue.outage import QueueUnavailable
from app.queue.packing import Work
from app.queue.pending import Pending
from app.queue.room import QueueFull
from app.rewards.base import Sample
from app.rubric import BadRubric, resolve
from app.schemas import MAX_ITEMS, ScoreRequest, ScoreResponse

router = APIRouter()
_log = structlog.get_logger(__name__)
_LINES_BYTES = 1 << 15
"""Lines that are ready at once are sent at once, up to so many bytes."""
_FEW = 8
"""Requests of so few items are too many for a line each in the log, but for those that their client named."""
_SCHEMA = {
    "application/json": {"schema": {"$ref": "#/components/schemas/ScoreRequest"}},
    "application/x-ndjson": {"schema": {"type": "string"}},
}


@router.post(
    "/v1/score",
    response_model=None,
    responses={200: {"model": ScoreResponse}},
    openapi_extra={"requestBody": {"required": True, "content": _SCHEMA}},
)
async def score(request: Request) -> Response:
    """Score a batch of completions.

    JSON or msgpack, as `Content-Type` and `Accept` say. With `Accept: application/x-ndjson` each result is a line
    as soon as it is ready, with the item's `index`; the last line has `rubric`, `groups` and `usage`, or `problem`.
    The request may be NDJSON too: a line an item, after a first line `{"rubric": …, "options": …}`; it is scored as it
    comes in, and never in memory as a whole.
    Equal items share their scores, and may have earlier ones, unless `Cache-Control: no-store` is sent.
    """
    started = time.monotonic()
    state = state_of(request)
    limits = state.settings
    bounds = Bounds(limits.max_body_bytes, limits.max_stream_bytes, MAX_ITEMS)
    received = await receive(request, ScoreRequest, bounds)
    scoring = Scoring(state, request.scope, received, started)
    reuse = may_reuse(request)
    media = accepted(request)
    if media is not Media.NDJSON:
        return respond(await while_connected(request.scope, scoring.whole(reuse, media)), media)
    return await line_response(request, scoring.lines(reuse))


class Scoring:
    """One request on its way through the queue. Raises Problem if the rubric can't be used."""

    def __init__(self, state: State, scope: Scope, received: Received, started: float) -> None:
        try:
            self._rubric = rubric = resolve(received.head.rubric)
        except BadRubric as error:
            raise bad_rubric(error) from None
        self._state = state
        self._received = received
        self._options = received.head.options
        self._started = started
        deadline = started + self._options.deadline_ms / 1000
        self._priority = capped(scope, self._options.priority)
        self._key = owner_of(scope)
        self._named: bool = scope["state"].get("named", False)
        self._pending = Pending(scope["state"]["request_id"], 0, len(rubric.components), deadline)
        self._tally = Tally(Combiner(rubric, self._options.on_abstain), self._pending)
        self._samples: list[Sample] = []

    async def whole(self, reuse: bool, media: Media) -> ResponseOut:
        """The response, once all items are scored."""
        encode = item_encoder(media)
        results: dict[int, msgspec.Raw] = {}
        async for some in self._results(reuse):
            for index, result in some:
                results[index] = msgspec.Raw(encode(result))
        return self._response([results[index] for index in range(len(results))])

    def takes_at_once(self, items: int) -> bool:
        """Whether so many items can be submitted without waiting for anything."""
        return not self._rubric.group_components and self._state.dispatcher.takes_at_once(self._priority, items)

    def begin(
        self, items: Sequence[ItemIn], reuse: bool, loop: asyncio.AbstractEventLoop, then: Callable[[], object]
    ) -> None:
        """Submit all items, where that `takes_at_once`, and have something called once the response can be had.

        Call `end` in any case, unless this raises: QueueFull.
        """
        dispatcher = self._state.dispatcher
        dispatcher.expect(self._pending)
        self._expect(items)
        try:
            dispatcher.submit_few(self._work(items), self._pending, reuse=reuse)
        except BaseException:
            dispatcher.forget(self._pending)
            raise
        self._pending.when_over(loop, then)

    def response(self, media: Media) -> ResponseOut:
        """What `whole` gives, of what was begun and is over. Raises QueueUnavailable."""
        encode = item_encoder(media)
        some = [(index, self._tally.add(index)) for index in sorted(self._pending.all_completed())]
        self._observe(some)
        return self._response([msgspec.Raw(encode(result)) for _, result in some])

    def end(self) -> None:
        """Nothing of it stays behind."""
        self._pending.unwatch()
        self._state.dispatcher.forget(self._pending)
        self._record()

    def _response(self, results: list[msgspec.Raw]) -> ResponseOut:
        return ResponseOut(self._rubric.name, results, self._tally.groups(), self._usage())

    async def lines(self, reuse: bool) -> AsyncGenerator[bytes]:
        """The response as NDJSON, each result as soon as it is ready."""
        encode = msgspec.json.encode
        async for some in self._results(reuse):
            lines = bytearray()
            for index, result in some:
                lines += encode({"index": index, **msgspec.structs.asdict(result)}) + b"\n"
                if len(lines) >= _LINES_BYTES:
                    yield bytes(lines)
                    lines.clear()
            if lines:
                yield bytes(lines)
        end = {"rubric": self._rubric.name, "groups": self._tally.groups(), "usage": self._usage()}
        yield encode(end) + b"\n"

    async def _results(self, reuse: bool) -> AsyncGenerator[list[tuple[int, ItemOut]]]:
        """Submit the work and yield results as they are ready; whatever happens, nothing of it stays behind."""
        dispatcher = self._state.dispatcher
        windows = self._received.windows()
        dispatcher.expect(self._pending)
        self._pending.keep_open()
        feeding: asyncio.Task[None] | None = None
        try:
            if self._received.items is None or self._received.items > WINDOW_ITEMS:
                feeding = asyncio.create_task(self._feed_all(windows, reuse))
            else:
                async for items in windows:
                    await self._feed(items, reuse)
                self._pending.close()
            while some := await self._tallied():
                self._observe(some)
                yield some
        finally:
            if feeding is not None:
                feeding.cancel()
            self.end()

    async def _feed_all(self, windows: AsyncIterator[Sequence[ItemIn]], reuse: bool) -> None:
        """Put a large batch into the queue, no more of it at a time than there is room for."""
        try:
            async for items in windows:
                await self._pending.room(self._state.settings.window_items)
                await self._feed(items, reuse)
            self._pending.close()
        except (Problem, QueueFull, QueueUnavailable, ClientGone) as error:
            self._pending.fail(error)

    async def _feed(self, items: Sequence[ItemIn], reuse: bool) -> None:
        first = self._expect(items)
        self._samples.extend(kept_for_groups(items, self._rubric))
        if self._pending.late:
            return
        dispatcher = self._state.dispatcher
        submission = dispatcher.submit(
            self._work(items),
            self._pending,
            priority=self._priority,
            reuse=reuse,
            first=first,
            more=self._received.items is None,
        )
        if dispatcher.takes_at_once(self._priority, len(self._pending.scores)):
            await submission
            return
        with suppress(TimeoutError):  # What did not get into the queue by the deadline is timed out like the rest.
            async with asyncio.timeout(max(0.0, self._pending.deadline - time.monotonic())):
                await submission

    def _work(self, items: Sequence[ItemIn]) -> Iterator[tuple[WorkItem, tuple[Work, ...]]]:
        return work_of(items, self._rubric, self._priority, evidence=self._options.evidence != "none")

    def _expect(self, items: Sequence[ItemIn]) -> int:
        first = self._pending.extend(len(items))
        self._tally.expect(labels_of(items, first))
        return first

    async def _tallied(self) -> list[tuple[int, ItemOut]]:
        """Results of the items that are complete by now, none once all were given.

        Where a component needs whole groups, all come together at the end.
        """
        some = await self._pending.completed()
        if not self._rubric.group_components:
            return [(index, self._tally.add(index)) for index in some]
        if not some:
            return []
        while await self._pending.completed():
            pass
        grouped = await asyncio.to_thread(self._tally.grouped, self._samples)
        return [(index, self._tally.add(index, components)) for index, components in enumerate(grouped)]

    def _usage(self) -> UsageOut:
        return self._tally.usage(time.monotonic() - self._started)

    def _record(self) -> None:
        metrics, tally = self._state.metrics, self._tally
        metrics.answered(self._rubric.name, tally.scored, tally.abstained, self._pending.queue_ms / 1000)
        if self._key:
            metrics.key_items.labels(self._key).inc(tally.scored + tally.abstained)
        shown = self._named or len(self._pending.scores) > _FEW
        if not shown and not debugs():
            return
        log = _log.info if shown else _log.debug
        log(
            "scored",
            request=self._pending.request,
            rubric=self._rubric.name,
            items=len(self._pending.scores),
            scored=tally.scored,
            abstained=tally.abstained,
            ms=round((time.monotonic() - self._started) * 1000, 1),
        )

    def _observe(self, some: Iterable[tuple[int, ItemOut]]) -> None:
        self._state.metrics.scored(self._rubric.names, [result.components for _, result in some])
