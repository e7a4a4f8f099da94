"""However a batch is taken apart, the contract's models decide: same verdict, same items."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.api.bodies import Media
from app.api.elements import NotElements, json_elements, json_fields, msgpack_elements
from app.api.errors import Problem
from app.api.items import ItemIn, item_of
from app.api.received import Lines, at_once, taken_apart
from app.schemas import MAX_ITEMS, ScoreRequest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
SMALL = st.none() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
REFERENCES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["math", "choice", "text", "code", "judge", "none", "own"])},
    optional={"answer": st.text() | VALUES, "policy": VALUES, "tests": VALUES, "options": VALUES, "x": VALUES},
)
MESSAGES = st.lists(st.fixed_dictionaries({"role": st.text()}, optional={"content": SCALARS, "x": SCALARS}), max_size=2)
ITEMS = st.fixed_dictionaries(
    {"completion": st.text() | MESSAGES | SCALARS},
    optional={
        "id": st.text() | SCALARS,
        "group": st.text(),
        "prompt": st.text() | MESSAGES,
        "reference": REFERENCES | VALUES,
        "language": st.sampled_from(["en", "zh", "EN", "en\n", ""]),
        "meta": st.dictionaries(st.text(), VALUES, max_size=2) | VALUES,
        "unknown": VALUES,
    },
)
BODIES = st.fixed_dictionaries(
    {"items": st.lists(ITEMS, max_size=4) | VALUES},
    optional={
        "rubric": st.sampled_from(["r1", "none-such"]) | VALUES,
        "options": st.fixed_dictionaries({}, optional={"deadline_ms": SCALARS, "priority": SCALARS}) | VALUES,
        "unknown": VALUES,
    },
)


def expected(body: Any) -> list[ItemIn] | None:
    """What the contract makes of it; None where it refuses."""
    try:
        items = [item_of(item) for item in ScoreRequest.model_validate_json(json.dumps(body)).items]
        msgspec.msgpack.encode([(item.reference, item.meta) for item in items])
    except (ValidationError, OverflowError):
        return None
    return items


async def collected(received: Any) -> list[ItemIn]:
    return [item async for window in received.windows() for item in window]


def whole(body: bytes, media: Media) -> list[ItemIn] | None:
    async def take() -> list[ItemIn]:
        received = taken_apart(body, media, ScoreRequest, MAX_ITEMS)
        await received.check()
        return await collected(received)

    try:
        return asyncio.run(take())
    except Problem as problem:
        assert problem.status in (400, 422)
        return None


@given(BODIES)
def test_every_way_gives_the_verdict_of_the_contract(body: Any):
    encoded = json.dumps(body).encode()
    contract = expected(body)
    fast = at_once(encoded, Media.JSON, ScoreRequest)
    if fast is not None:
        assert fast[1] == contract
    assert whole(encoded, Media.JSON) == contract


@given(st.lists(ITEMS, max_size=6), st.integers(1, 40))
def test_lines_give_the_same_items_however_they_are_cut(items: list[Any], cut: int):
    body = b"".join(json.dumps(line).encode() + b"\n" for line in [{"rubric": "r1"}, *items])

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), cut):
            yield body[start : start + cut]

    async def take() -> list[ItemIn]:
        lines = Lines(chunks(), ScoreRequest, MAX_ITEMS)
        await lines.begin()
        return await collected(lines)

    contract = expected({"items": items})
    try:
        assert asyncio.run(take()) == contract
    except Problem:
        assert contract is None


@given(st.binary(max_size=200) | st.recursive(SMALL, st.lists).map(msgspec.msgpack.encode))
def test_any_bytes_are_a_batch_or_a_problem(body: bytes):
    for media in (Media.JSON, Media.MSGPACK):
        at_once(body, media, ScoreRequest)
        whole(body, media)


def test_a_body_of_too_many_values_is_refused_without_an_object_for_each():
    most = 100
    full_of_commas = b'{"items": [' + b"1," * 5_000_000 + b"1]}"
    with pytest.raises(NotElements):
        json_fields(full_of_commas, most)
    many_in_one = b'{"items": [{"completion": "' + b"," * 5_000_000 + b'"}]}'
    assert len(json_elements(json_fields(many_in_one, most)["items"], most)) == 1
    with pytest.raises(NotElements):
        msgpack_elements(msgspec.Raw(b"\xdd\x7f\xff\xff\xff" + b"\xc0" * 100), most)
