"""A batch as it is received: what to score it by, and its items in windows: a large one is never all objects."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import msgspec
from fastapi import Request
from msgspec import Raw
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.api.bodies import Media, read, sent, stream
from app.api.elements import NotElements, json_elements, json_fields, msgpack_elements, msgpack_fields
from app.api.errors import Problem, field_path, invalid, invalid_fields, malformed, too_large
from app.api.items import MAX_ITEM_BYTES, BadItem, BadValue, ItemIn, checked, json_item, msgpack_item
from app.api.spare import spare
from app.schemas import JobRequest, ScoreRequest

WINDOW_ITEMS = 1024
"""Items that are decoded at a time: 16 MB of completions of 16 KB."""
SMALL_BYTES = 16 << 20
"""A body up to this size is decoded in one go: 512 completions of 32 KB."""
_HEAD_FIELDS = frozenset(JobRequest.model_fields) - {"items"}
_ERRORS_KEPT = 20


_HEAD_BYTES = 4096
"""Heads up to this size are remembered: a trainer sends the same one with each request."""
_HEADS = 256


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    items: list[ItemIn]
    rubric: Raw = Raw()
    options: Raw = Raw()
    idempotency_key: Raw = Raw()


class Received(Protocol):
    """A batch on its way in."""

    head: ScoreRequest
    """Without its items."""
    items: int | None
    """How many; None where only the end of the body tells."""

    def windows(self) -> AsyncIterator[Sequence[ItemIn]]:
        """The items, once, in order. Raises Problem."""
        ...


class Bounds(NamedTuple):
    """Limits of a batch."""

    bytes: int
    """Of a body that is read as a whole."""
    stream_bytes: int
    """Of one that is read line by line."""
    items: int


async def receive(request: Request, model: type[ScoreRequest], bounds: Bounds) -> Received:
    """Read a batch; of NDJSON, its first line. Raises Problem: 400, 408, 413, 415 or 422."""
    media = sent(request, (Media.JSON, Media.MSGPACK, Media.NDJSON))
    if media is Media.NDJSON:
        lines = Lines(stream(request, bounds.stream_bytes), model, bounds.items)
        await lines.begin()
        return lines
    body = await read(request, bounds.bytes)
    decoded = at_once(body, media, model) if len(body) <= SMALL_BYTES else None
    if decoded is not None and len(decoded[1]) <= bounds.items:
        spare.give(body)  # What was decoded is a copy.
        return Decoded(*decoded)
    whole = taken_apart(body, media, model, bounds.items)
    await whole.check()
    return whole


def at_once(
    body: bytes | bytearray, media: Media, model: type[ScoreRequest]
) -> tuple[ScoreRequest, list[ItemIn]] | None:
    """A body decoded in one go; None if anything about it is out of the ordinary. Several times as fast as pydantic."""
    json = media is Media.JSON
    try:
        batch = _batch_of_json(body) if json else _batch_of_msgpack(body)
        head = (bytes(batch.rubric), bytes(batch.options), bytes(batch.idempotency_key))
        known = _known_head if sum(map(len, head)) <= _HEAD_BYTES else _read_head
        return known(model, json, *head), [checked(item) for item in batch.items]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, BadValue):
        return None


def _read_head(model: type[ScoreRequest], json: bool, rubric: bytes, options: bytes, once: bytes) -> ScoreRequest:
    """What a batch has but its items, decoded; empty is absent. Raises as decoding does."""
    decode = _decode_json if json else _decode_msgpack
    given = {"rubric": rubric, "options": options, "idempotency_key": once}
    return model.model_validate({**{name: decode(raw) for name, raw in given.items() if raw}, "items": []})


_known_head = lru_cache(_HEADS)(_read_head)


class Decoded:
    """A batch that was decoded in one go."""

    def __init__(self, head: ScoreRequest, items: list[ItemIn]) -> None:
        self.head = head
        self.items: int | None = len(items)
        self._items = items

    async def windows(self) -> AsyncIterator[Sequence[ItemIn]]:
        items, self._items = self._items, []
        for start in range(0, len(items), WINDOW_ITEMS):
            yield items[start : start + WINDOW_ITEMS]


class Whole:
    """A large body, its items as slices of it: checked first, then decoded a window at a time."""

    def __init__(self, head: ScoreRequest, raws: list[Raw], decode: Callable[[Raw], ItemIn]) -> None:
        self.head = head
        self.items: int | None = len(raws)
        self._raws = raws
        self._decode = decode

    async def check(self) -> None:
        """Raises Problem if any item breaks the contract."""
        errors: list[ErrorDetails] = []
        for position, raw in enumerate(self._raws):
            _checked(raw, position, self._decode, errors)
            if len(errors) >= _ERRORS_KEPT:
                break
            if position % WINDOW_ITEMS == 0:
                await asyncio.sleep(0)  # Others get their turn.
        if errors:
            raise invalid_fields(errors)

    async def windows(self) -> AsyncIterator[Sequence[ItemIn]]:
        raws, self._raws = self._raws, []
        for start in range(0, len(raws), WINDOW_ITEMS):
            yield [self._decode(raw) for raw in raws[start : start + WINDOW_ITEMS]]


class Lines:
    """A body of NDJSON, decoded as it comes: a line an item; the first may be an object of `rubric` and `options`."""

    def __init__(self, chunks: AsyncIterator[bytes], model: type[ScoreRequest], max_items: int) -> None:
        self._model = model
        self.head = model(items=[])
        self.items: int | None = None
        self._max_items = max_items
        self._lines = _lines(chunks)
        self._first: list[bytes] | None = None

    async def begin(self) -> None:
        """Read the first line. Raises Problem."""
        self._first = await anext(self._lines, None)
        if self._first is None:
            return
        try:
            fields = json_fields(self._first[0], self._max_items)
        except (msgspec.DecodeError, UnicodeDecodeError, NotElements) as error:
            raise malformed(f"line 1: {error}") from None
        if fields.keys() <= _HEAD_FIELDS:
            self.head = _head(self._model, {n: _value(n, raw, _decode_json) for n, raw in fields.items()}, True)
            del self._first[0]

    async def windows(self) -> AsyncIterator[Sequence[ItemIn]]:
        count = 0
        lines = self._first
        while lines is not None:
            if count + len(lines) > self._max_items:
                raise invalid_fields([_fault("too_long", ("items",), f"at most {self._max_items} elements")])
            if lines:
                yield [self._item(line, position) for position, line in enumerate(lines, count)]
            count += len(lines)
            lines = await anext(self._lines, None)

    def _item(self, line: bytes, position: int) -> ItemIn:
        errors: list[ErrorDetails] = []
        item = _checked(line, position, json_item, errors)
        if item is None:
            raise invalid_fields(errors)
        return item


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The lines that each chunk completes, as far as they are not empty."""
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        if b"\n" in chunk:
            *whole, rest = rest.split(b"\n")
            for start in range(0, len(whole), WINDOW_ITEMS):
                if lines := [bytes(line) for line in whole[start : start + WINDOW_ITEMS] if line.strip()]:
                    yield lines
        if len(rest) > MAX_ITEM_BYTES:
            raise too_large(MAX_ITEM_BYTES, "a line")
    if rest.strip():
        yield [bytes(rest)]


def taken_apart(body: bytes | bytearray, media: Media, model: type[ScoreRequest], most: int) -> Whole:
    """A body of JSON or msgpack; its items are not looked at yet. Raises Problem."""
    json = media is Media.JSON
    try:
        fields = json_fields(body, most) if json else msgpack_fields(body)
    except (msgspec.ValidationError, NotElements) as error:
        raise _other_shape(body, json, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise malformed(str(error)) from None
    head = _head_of(model, fields, _decode_json if json else _decode_msgpack)
    elements = _elements(json_elements if json else msgpack_elements, fields["items"], most)
    return Whole(head, elements, json_item if json else msgpack_item)


def _other_shape(body: bytes | bytearray, json: bool, error: Exception) -> Problem:
    """A body that is no object, if it is anything."""
    try:
        _skip_json(body) if json else _skip_msgpack(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as unreadable:
        return malformed(str(unreadable))
    return invalid_fields([_fault("type", (), str(error))])


def _elements(take: Callable[[Raw, int], list[Raw]], raw: Raw, most: int) -> list[Raw]:
    try:
        return take(raw, most)
    except (msgspec.ValidationError, NotElements) as error:
        raise invalid_fields([_fault("type", ("items",), str(error))]) from None


def _head_of(model: type[ScoreRequest], fields: dict[str, Raw], decode: Callable[[Raw], Any]) -> ScoreRequest:
    """The fields but `items`; what the contract does not know is not decoded."""
    given = {name: _value(name, raw, decode) if name in _HEAD_FIELDS else None for name, raw in fields.items()}
    return _head(model, given, "items" in fields)


def _value(name: str, raw: Raw, decode: Callable[[Raw], Any]) -> Any:
    """A field's value. Raises Problem where it is one that no value can be, such as a number past all ranges."""
    try:
        return decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise invalid_fields([_fault("value_error", (name,), str(error))]) from None


def _head(model: type[ScoreRequest], fields: dict[str, Any], has_items: bool) -> ScoreRequest:
    try:
        return model.model_validate({**fields, "items": []} if has_items else fields)
    except ValidationError as error:
        raise invalid(error) from None


def _checked(
    raw: Raw | bytes, position: int, decode: Callable[[Any], ItemIn], errors: list[ErrorDetails]
) -> ItemIn | None:
    """An item, or None with its errors added to the list."""
    where = ("items", position)
    try:
        if memoryview(raw).nbytes > MAX_ITEM_BYTES:
            raise too_large(MAX_ITEM_BYTES, field_path(where))
        return decode(raw)
    except BadItem as bad:
        details = bad.error.errors(include_url=False, include_context=False, include_input=False)
        if details[0]["type"] == "json_invalid":
            raise malformed(f"{field_path(where)}: {details[0]['msg']}") from None
        errors.extend({**found, "loc": (*where, *found["loc"])} for found in details)
    except BadValue as bad:
        errors.append(_fault("value_error", where, str(bad)))
    return None


def _fault(kind: str, where: tuple[str | int, ...], message: str) -> ErrorDetails:
    return ErrorDetails(type=kind, loc=where, msg=message, input=None)


_batch_of_json = msgspec.json.Decoder(_Batch).decode
_batch_of_msgpack = msgspec.msgpack.Decoder(_Batch).decode
_decode_json = msgspec.json.Decoder().decode
_decode_msgpack = msgspec.msgpack.Decoder().decode
_skip_json = msgspec.json.Decoder(Raw).decode
_skip_msgpack = msgspec.msgpack.Decoder(Raw).decode
