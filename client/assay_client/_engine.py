"""What a client does, as coroutines of one loop: batches in parts, items that are refused, streams."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from assay_client import _wire
from assay_client._coalesce import Coalescer
from assay_client._config import Config
from assay_client._errors import InvalidRequest, ProtocolError
from assay_client._exchange import Call, Exchange, read_value
from assay_client._jobs import Jobs
from assay_client._models import Component, Item, Result, Rubric, Scored, merged, result_from, scored_from
from assay_client._split import Part, parts, refused_items, refused_result

if importlib.util.find_spec("sniffio") is None:
    # httpx's transport tries to import it several times a request: a known absence spares the search of the whole path.
    sys.modules.setdefault("sniffio", None)  # pyright: ignore[reportArgumentType]

_PATH = "/v1/score"
_REFUSAL_ROUNDS = 16
"""Times that a request is sent again without the items that were refused; the service names twenty at a time."""

Emit = Callable[[int, Result], None]


class Engine:
    """One client's work in one process."""

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        self.exchange = Exchange(config)
        self.jobs = Jobs(self.exchange)
        self.coalescer = Coalescer(loop, self.score_together)

    @classmethod
    async def make(cls, config: Config) -> Engine:
        """An engine of the running loop."""
        return cls(config, asyncio.get_running_loop())

    async def aclose(self) -> None:
        await self.exchange.aclose()

    async def score(self, items: Sequence[Item], rubric: Rubric, deadline: float, options: Mapping[str, Any]) -> Scored:
        """Score a batch, in parts where it is large. Raises AssayError."""
        pieces = parts(items, self.exchange.live_nodes)
        if len(pieces) == 1:
            return await self.score_together(pieces[0].items, rubric, deadline, options)
        scored = await _all([self.score_together(piece.items, rubric, deadline, options) for piece in pieces])
        return merged([(piece.positions, _renumbered(piece, part)) for piece, part in zip(pieces, scored, strict=True)])

    async def score_together(
        self, items: Sequence[Item], rubric: Rubric, deadline: float, options: Mapping[str, Any]
    ) -> Scored:
        """Score one request's items; those that break the contract abstain, and the others are scored."""
        kept = list(range(len(items)))
        refused: dict[int, str] = {}
        for _ in range(_REFUSAL_ROUNDS):
            chosen = [items[position] for position in kept]
            body = _body(lambda chosen=chosen: chosen, rubric, options)
            try:
                answer = await self.exchange.run(Call("POST", _PATH, deadline, read_value, body, weight=len(chosen)))
            except InvalidRequest as error:
                bad = refused_items(error.problem.get("errors"))
                if not bad or max(bad) >= len(kept):
                    raise
                refused.update((kept[at], detail) for at, detail in bad.items())
                kept = [position for at, position in enumerate(kept) if at not in bad]
                continue
            scored = scored_from(answer)
            if len(scored.results) != len(chosen):
                raise ProtocolError(f"{len(chosen)} items sent, {len(scored.results)} results came back")
            return _with_refused(items, kept, scored, refused) if refused else scored
        detail = f"{len(refused)} items and more; the first: {next(iter(refused.values()))}"
        raise InvalidRequest(422, {"title": "Too many items break the contract", "detail": detail})

    async def stream(
        self, items: Sequence[Item], rubric: Rubric, deadline: float, options: Mapping[str, Any], emit: Emit
    ) -> None:
        """Emit each result with its position as soon as it is ready, each once. Raises AssayError."""
        pieces = parts(items, self.exchange.live_nodes)
        await _all([self._stream_part(piece, rubric, deadline, options, emit) for piece in pieces])

    async def _stream_part(
        self, piece: Part, rubric: Rubric, deadline: float, options: Mapping[str, Any], emit: Emit
    ) -> None:
        """One request's stream; if it breaks off, what is still owed is asked for again."""
        missing = dict(enumerate(piece.positions))
        asked: list[int] = []

        def chosen() -> list[Item]:
            asked[:] = missing
            return [piece.items[at] for at in asked]

        async def consume(response: httpx.Response) -> None:
            async for line in response.aiter_lines():
                found = _line(line)
                if found is None:
                    continue
                at = asked[found[0]]
                position = missing.pop(at, None)
                if position is not None:
                    emit(position, _named(found[1], piece.items[at], position))
            if missing:
                raise httpx.RemoteProtocolError("the stream ended early")

        body, accept = _body(chosen, rubric, options), {"accept": _wire.NDJSON}
        await self.exchange.run(Call("POST", _PATH, deadline, consume, body, accept, len(piece.items)))


def _body(
    items: Callable[[], list[Item]], rubric: Rubric, options: Mapping[str, Any]
) -> Callable[[float], dict[str, Any]]:
    def body(left: float) -> dict[str, Any]:
        return {"rubric": rubric, "items": items(), "options": {"deadline_ms": max(1, int(left * 1000)), **options}}

    return body


def _line(line: str) -> tuple[int, Result] | None:
    """A line of an NDJSON answer; None for the last, which has the totals. Raises ProtocolError."""
    try:
        row = json.loads(line)
        return (row["index"], result_from(row)) if "index" in row else None
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolError(f"a line of the stream can't be read: {error!r}") from error


async def _all(work: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Results of all; the first error ends the others, which nobody would wait for."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _named(result: Result, item: Item, position: int) -> Result:
    """The result of an item without an id is named by its position in the whole batch."""
    return result if item.get("id") is not None else replace(result, id=str(position))


def _renumbered(piece: Part, scored: Scored) -> Scored:
    named = zip(scored.results, piece.items, piece.positions, strict=True)
    return replace(scored, results=[_named(result, item, position) for result, item, position in named])


def _with_refused(items: Sequence[Item], kept: Sequence[int], scored: Scored, refused: Mapping[int, str]) -> Scored:
    """All results again, in order; refused items have the same components as the others, without scores."""
    names = list(scored.results[0].components) if scored.results else []
    absent = {name: Component(None, "error", None, 0.0, False) for name in names}
    by_position = dict(zip(kept, scored.results, strict=True))
    results = [
        _named(by_position[position], item, position)
        if position in by_position
        else replace(refused_result(item, position, refused[position]), components=absent)
        for position, item in enumerate(items)
    ]
    usage = {**scored.usage, "items": len(items), "abstained": scored.usage.get("abstained", 0) + len(refused)}
    return replace(scored, results=results, usage=usage)
