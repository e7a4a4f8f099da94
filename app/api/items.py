"""Items as they come in: decoded fast where they are plain; `app.schemas` has the last word and words the errors."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, field
from pydantic import TypeAdapter, ValidationError

from app.schemas import MAX_COMPLETION_CHARS, MAX_ID_CHARS, MAX_REFERENCE_CHARS, Item, Message, Reference

MAX_ITEM_BYTES = 16 << 20
"""Encoded item: a prompt and a completion of a million characters each, some of them escaped."""
_Text = Annotated[str, Meta(max_length=MAX_COMPLETION_CHARS)]
_Id = Annotated[str, Meta(max_length=MAX_ID_CHARS)]
_reference: TypeAdapter[Any] = TypeAdapter(Reference)


class MessageIn(msgspec.Struct, frozen=True):
    """`schemas.Message`."""

    role: str
    content: _Text | None = None
    reasoning_content: _Text | None = None


_Conversation = Annotated[list[MessageIn], Meta(min_length=1, max_length=1024)]


class ItemIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`schemas.Item`, with the reference as rewards see it."""

    completion: _Text | _Conversation
    prompt: _Text | _Conversation = ""
    reference: dict[str, Any] = field(default_factory=lambda: {"kind": "none"})
    id: _Id | None = None
    group: _Id | None = None
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}\Z")] | None = None
    meta: dict[str, Any] = {}


class BadItem(Exception):
    """An item that breaks the contract; `errors` are pydantic's."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(str(error))
        self.error = error


class BadValue(Exception):
    """An item with a value that can't be passed on, such as an integer of more than 64 bits."""


def item_of(item: Item) -> ItemIn:
    """The same item from the contract's model."""
    return ItemIn(
        _text(item.completion),
        _text(item.prompt),
        item.reference.model_dump(mode="json", exclude_none=True),
        item.id,
        item.group,
        item.language,
        item.meta,
    )


def json_item(raw: Raw | bytes) -> ItemIn:
    """An item from JSON. Raises BadItem, BadValue."""
    return _item(raw, _decode_json, lambda: Item.model_validate_json(bytes(raw)))


def msgpack_item(raw: Raw | bytes) -> ItemIn:
    """An item from msgpack. Raises BadItem, BadValue."""
    return _item(raw, _decode_msgpack, lambda: Item.model_validate(msgspec.msgpack.decode(raw)))


def _item(raw: Raw | bytes, decode: Callable[[Any], ItemIn], contract: Callable[[], Item]) -> ItemIn:
    try:
        return checked(decode(raw))
    except (msgspec.DecodeError, ValidationError, UnicodeDecodeError, RecursionError):
        try:
            return _passable(item_of(contract()))
        except ValidationError as error:
            raise BadItem(error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise BadValue(str(error)) from None


def checked(item: ItemIn) -> ItemIn:
    """The item, its reference held to the contract. Raises pydantic's ValidationError, BadValue."""
    reference = item.reference
    if _plain(reference):
        return _passable(item) if item.meta else item
    kept = _reference.validate_python(reference).model_dump(mode="json", exclude_none=True)
    return _passable(item if kept == reference else msgspec.structs.replace(item, reference=kept))


def _plain(reference: dict[str, Any]) -> bool:
    """Whether a reference keeps to the contract at a glance: most are a kind and a short answer."""
    kind = reference.get("kind")
    if kind == "none":
        return len(reference) == 1
    if kind != "math" or len(reference) != 2:
        return False
    answer = reference.get("answer")
    return type(answer) is str and len(answer) <= MAX_REFERENCE_CHARS


def _passable(item: ItemIn) -> ItemIn:
    try:
        msgspec.msgpack.encode((item.reference, item.meta))
    except (OverflowError, TypeError, ValueError, RecursionError) as error:
        raise BadValue(f"reference or meta: {error}") from None
    return item


def _text(text: str | list[Message]) -> str | list[MessageIn]:
    return text if isinstance(text, str) else [MessageIn(m.role, m.content, m.reasoning_content) for m in text]


_decode_json = msgspec.json.Decoder(ItemIn).decode
_decode_msgpack = msgspec.msgpack.Decoder(ItemIn).decode
