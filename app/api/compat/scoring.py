"""What the dialects share: their items through the same queue and rubrics, and what an abstention is to clients that
know only numbers.

Query parameters of their routes: `rubric` and `kind` (of the references), which the table of sources gives where they
are absent; `on_abstain`, a number for items that could not be scored; `deadline_ms`. Without `on_abstain` an
abstention is an answer of 503 where trying again may help and 422 where the data are at fault: never a made-up reward.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from assay_client.sources import reference_of
from assay_client.texts import spoken
from fastapi import Request
from pydantic import ValidationError

from app.api.bodies import Media
from app.api.disconnect import while_connected
from app.api.errors import Problem, invalid
from app.api.items import ItemIn, item_of
from app.api.received import Decoded
from app.api.results import ItemOut
from app.api.score import Scoring
from app.api.state import state_of
from app.schemas import Item, Options, ScoreRequest
from app.status import Fault

MAX_ITEMS = 4096
"""Items of one request; the clients send one, or a micro-batch."""


_RETRY_S = 1


class Choice(NamedTuple):
    """How a request's query wants its items scored."""

    rubric: str | None
    kind: str | None
    on_abstain: float | None
    deadline_ms: int


class Asked(NamedTuple):
    """One sample in the dialects' common terms."""

    completion: Any
    answer: Any
    prompt: Any = ""
    source: str | None = None


def choice_of(request: Request, deadline_ms: int) -> Choice:
    """Read the query. Raises Problem: 422."""
    query = request.query_params
    on_abstain = query.get("on_abstain")
    try:
        value = None if on_abstain in (None, "error") else float(str(on_abstain))
        deadline = Options(deadline_ms=int(query.get("deadline_ms", deadline_ms))).deadline_ms
    except ValueError as error:
        detail = f"on_abstain: a number or 'error'; deadline_ms: a whole number ({error})"
        raise Problem(422, "invalid", "The query breaks the contract", detail) from None
    if value is not None and value - value != 0:
        raise Problem(422, "invalid", "The query breaks the contract", "on_abstain: a finite number")
    return Choice(query.get("rubric"), query.get("kind"), value, deadline)


async def score(request: Request, asked: Sequence[Asked], choice: Choice) -> list[ItemOut]:
    """Results in order; one pass for each rubric that the sources ask for. Raises Problem, QueueFull, …"""
    if len(asked) > MAX_ITEMS:
        raise Problem(413, "too-large", "Too many items", f"at most {MAX_ITEMS} in a request")
    sources = state_of(request).sources
    batches: dict[str, list[int]] = {}
    items: list[ItemIn] = []
    for position, one in enumerate(asked):
        found = sources.find(one.source)
        items.append(_item(position, one, choice.kind or found.kind))
        batches.setdefault(choice.rubric or found.rubric, []).append(position)
    results: dict[int, ItemOut] = {}
    for rubric, positions in batches.items():
        scored = await _scored(request, rubric, [items[position] for position in positions], choice.deadline_ms)
        results.update(zip(positions, scored, strict=True))
    return [results[position] for position in range(len(asked))]


async def _scored(request: Request, rubric: str, items: list[ItemIn], deadline_ms: int) -> list[ItemOut]:
    head = ScoreRequest(rubric=rubric, items=[], options=Options(deadline_ms=deadline_ms, evidence="brief"))
    received = Decoded(head, items)
    scoring = Scoring(state_of(request), request.scope, received, time.monotonic())
    whole = await while_connected(request.scope, scoring.whole(True, Media.JSON))
    return [msgspec.json.decode(result, type=ItemOut) for result in whole.results]


def _item(position: int, asked: Asked, kind: str) -> ItemIn:
    try:
        plain = {
            "completion": spoken(asked.completion),
            "prompt": spoken(asked.prompt),
            "reference": reference_of(asked.answer, kind),
        }
        return item_of(Item.model_validate(plain))
    except ValidationError as error:
        raise invalid(error) from None
    except (AttributeError, TypeError, RecursionError) as error:
        detail = f"items[{position}]: neither text nor messages ({error})"
        raise Problem(422, "invalid", "The body breaks the contract", detail) from None


def rewards(results: Sequence[ItemOut], choice: Choice) -> list[float]:
    """A number an item. Raises Problem if one abstained and the query has no number for it."""
    found: list[float] = []
    for position, result in enumerate(results):
        reward = result.reward if result.reward is not None else choice.on_abstain
        if reward is None:
            raise abstained(position, result)
        found.append(reward)
    return found


def component_logs(result: ItemOut) -> dict[str, float]:
    """Numbers for a client's logs, the same names for all items of a rubric: a score, and whether there was one."""
    logs = {"assay_abstained": float(result.reward is None)}
    for name, component in result.components.items():
        logs[f"assay_{name}"] = component.score or 0.0
        logs[f"assay_{name}_scored"] = float(component.score is not None)
    return logs


def abstained(position: int, result: ItemOut) -> Problem:
    """The answer where an item has no reward: 422 if its data are at fault, else 503."""
    detail = f"items[{position}]: {result.error.class_}: {result.error.detail}" if result.error else "no reward"
    if result.error is not None and result.error.class_.fault is Fault.DATA:
        return Problem(422, "abstained", "An item can't be scored", detail)
    headers = {"Retry-After": str(_RETRY_S)}
    return Problem(503, "abstained", "An item was not scored; try again", detail, headers=headers)


def source_of(fields: Mapping[str, Any]) -> str | None:
    """Name of the data's source, where a sample has one."""
    source = fields.get("data_source")
    return source[:256] if isinstance(source, str) else None
