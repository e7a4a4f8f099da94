"""Takes a body apart into its items without making Python objects of them, within bounds that hostile bodies keep."""

import re

import msgspec
from msgspec import Raw

_MANY_COMMAS = 4_000_000
"""As many values at most are in a body that is taken apart at once: their slices take 320 MB at the very worst."""
_MANY_FIELDS = 4_000
_SHALLOW = 2
"""Depth of the elements of an object's fields."""
_STRING = re.compile(rb'"(?:[^"\\]+|\\.)*+"', re.DOTALL)
_MARK = re.compile(rb'["{}\[\],]')
_ARRAY_HEADERS = {0xDC: 2, 0xDD: 4}
"""Bytes of the length in msgpack's array 16 and array 32."""


class NotElements(Exception):
    """No object, or no array, or one of too many elements. The message says which."""


def json_fields(body: bytes | bytearray, most: int) -> dict[str, Raw]:
    """Fields of a JSON object, each as it stands; `most` elements in any of them.

    Raises msgspec.DecodeError, NotElements.
    """
    if len(body) > _MANY_COMMAS and body.count(b",") > _MANY_COMMAS:
        _check_shallow(body, most)
    return _fields_of_json(body)


def json_elements(raw: Raw, most: int) -> list[Raw]:
    """Elements of a JSON array, each as it stands. Raises msgspec.DecodeError, NotElements."""
    return _counted(_elements_of_json(raw), most)


def msgpack_fields(body: bytes | bytearray) -> dict[str, Raw]:
    """Fields of a msgpack map, each as it stands. Raises msgspec.DecodeError, NotElements."""
    if body and body[0] in (0xDE, 0xDF) and int.from_bytes(body[1 : 3 if body[0] == 0xDE else 5]) > _MANY_FIELDS:
        raise NotElements("too many fields")
    return _fields_of_msgpack(body)


def msgpack_elements(raw: Raw, most: int) -> list[Raw]:
    """Elements of a msgpack array, each as it stands. Raises msgspec.DecodeError, NotElements."""
    head = bytes(memoryview(raw)[:5])
    if head and head[0] in _ARRAY_HEADERS and int.from_bytes(head[1 : 1 + _ARRAY_HEADERS[head[0]]]) > most:
        raise NotElements(_too_many(most))
    return _counted(_elements_of_msgpack(raw), most)


def _counted(elements: list[Raw], most: int) -> list[Raw]:
    if len(elements) > most:
        raise NotElements(_too_many(most))
    return elements


def _check_shallow(body: bytes | bytearray, most: int) -> None:
    """Count fields and their elements in constant memory; slower than decoding, and only for bodies full of commas."""
    level = count = position = 0
    while (mark := _MARK.search(body, position)) is not None:
        position = mark.end()
        sign = mark[0]
        if sign == b'"':
            string = _STRING.match(body, mark.start())
            if string is None:
                return  # Malformed: the decoder says where.
            position = string.end()
        elif sign in b"{[":
            level += 1
        elif sign in b"}]":
            level -= 1
        elif level <= _SHALLOW:
            count += 1
            if count >= most:
                raise NotElements(_too_many(most))


def _too_many(most: int) -> str:
    return f"at most {most} elements"


_fields_of_json = msgspec.json.Decoder(dict[str, Raw]).decode
_elements_of_json = msgspec.json.Decoder(list[Raw]).decode
_fields_of_msgpack = msgspec.msgpack.Decoder(dict[str, Raw]).decode
_elements_of_msgpack = msgspec.msgpack.Decoder(list[Raw]).decode
