"""Reads JSON lines, plain or compressed, in blocks of whole lines. Nothing is done for each line here: one process
reads for all that score."""

import gzip
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from app.offline.block import Block, Extent, Row
from app.offline.extras import optional

MAX_LINE_BYTES = 64 << 20
"""A row: far above the longest completion with its tests."""
_PIECE = 1 << 20
"""Bytes read at once."""
_PACKED_PIECE = 1 << 18
PACKED = (".gz", ".zst")
_BOM = b"\xef\xbb\xbf"


def pieces(path: Path) -> Iterator[bytes]:
    """What a file holds, unpacked, some at a time. Raises OSError, EOFError where it breaks off."""
    suffix = path.suffix.lower()
    if suffix == ".zst":
        yield from _zstandard(path)
        return
    with gzip.open(path) if suffix == ".gz" else path.open("rb") as file:
        try:
            while piece := file.read1(_PIECE):
                yield piece
        except zlib.error as error:
            raise OSError(str(error)) from None


def _zstandard(path: Path) -> Iterator[bytes]:
    """Frame after frame. The library's own reader takes a file that breaks off for one that ends."""
    zstandard: Any = optional("zstandard", f"to read {path.name}")
    decompressor: Any = zstandard.ZstdDecompressor()
    frame: Any = None
    with path.open("rb") as file:
        while packed := file.read(_PACKED_PIECE):
            while packed:
                frame = frame or decompressor.decompressobj()
                try:
                    yield frame.decompress(packed)
                except zstandard.ZstdError as error:
                    raise OSError(str(error)) from None
                packed = b""
                if frame.eof:
                    packed, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("the file breaks off within a frame")


def blocks(path: Path, start: int, most_rows: int, most_bytes: int) -> Iterator[Block]:
    """The lines after the first `start`. A block has at most so many bytes, or what was read at once more."""
    packed = path.suffix.lower() in PACKED
    number = 0
    for offset, text in _whole_lines(path, most_bytes):
        if isinstance(text, str):
            number += 1
            if number > start:
                yield Block(number, 1, b"", text)
            continue
        left = _count(text)
        if number + left <= start:
            number += left
            continue
        skipped = max(0, start - number)
        at = _after(text, 0, skipped)
        number, left = number + skipped, left - skipped
        while left > most_rows:
            end = _after(text, at, most_rows)
            yield Block(number + 1, most_rows, text[at:end], "", None if packed else Extent(offset + at, end - at))
            at, number, left = end, number + most_rows, left - most_rows
        yield Block(number + 1, left, text[at:], "", None if packed else Extent(offset + at, len(text) - at))
        number += left


def _count(text: bytes) -> int:
    """Lines of a text. Rows are long: to look for each end is five times as fast as `bytes.count`."""
    lines = at = 0
    while end := text.find(b"\n", at) + 1:
        lines, at = lines + 1, end
    return lines + (at < len(text))


def _after(text: bytes, at: int, lines: int) -> int:
    """The place after so many more lines."""
    for _ in range(lines):
        at = text.index(b"\n", at) + 1
    return at


def _whole_lines(path: Path, most_bytes: int) -> Iterator[tuple[int, bytes | str]]:
    """A file cut after lines, or why a line can't be read, each with its place in what the file holds.

    A file that breaks off ends with that reason.
    """
    offset = end_of_piece = 0
    whole: list[bytes] = []
    line: list[bytes] = []
    length = 0
    """Of the line that has begun; `line` holds it unless it is too long."""
    problem = None
    read = pieces(path)
    while True:
        try:
            piece = next(read, None)
        except (OSError, EOFError) as error:  # a truncated archive
            piece, problem = None, f"the file can't be read further: {type(error).__name__}: {error}"
        if piece is None:
            break
        end_of_piece += len(piece)
        first = piece.find(b"\n") + 1
        if not first:
            length += len(piece)
            line = [*line, piece] if length <= MAX_LINE_BYTES else []
            continue
        end = piece.rfind(b"\n") + 1
        if length + first > MAX_LINE_BYTES:
            if whole:
                yield offset, b"".join(whole)
            yield offset, _TOO_LONG.format(MAX_LINE_BYTES)
            whole, offset = [piece[first:end]], end_of_piece - len(piece) + first
        else:
            whole += [*line, piece[:end]]
        line, length = [piece[end:]], len(piece) - end
        if (size := sum(map(len, whole))) >= most_bytes // 2:  # another piece would make it too much
            yield offset, b"".join(whole)
            whole, offset = [], offset + size
    last = line if problem is None and length <= MAX_LINE_BYTES else []
    if text := b"".join([*whole, *last]):
        yield offset, text
    if length > MAX_LINE_BYTES:
        yield offset, _TOO_LONG.format(MAX_LINE_BYTES)
    if problem is not None:
        yield offset, problem


_NO_OBJECT = "not a JSON object: each line should be one"
_TOO_LONG = "longer than {} bytes"
_decode: Any = msgspec.json.Decoder().decode


def decode(block: Block) -> Iterator[Row]:
    """The rows of a block; blank lines are none."""
    for number, line in enumerate(islice(block.encoded.split(b"\n"), block.rows), block.first):
        try:
            data = _decode(line)
        except (ValueError, RecursionError):
            if line and not line.isspace():
                yield decode_line(number, line)
            continue
        yield Row(number, data) if type(data) is dict and len(line) <= MAX_LINE_BYTES else decode_line(number, line)


def decode_line(number: int, line: bytes) -> Row:
    """One row of Python objects of JSON's types."""
    if len(line) > MAX_LINE_BYTES:
        return Row(number, None, _TOO_LONG.format(MAX_LINE_BYTES))
    try:
        data: Any = _decode(line.removeprefix(_BOM) if line[0] == _BOM[0] else line)
    except (ValueError, RecursionError) as error:
        array = line.lstrip().startswith(b"[")
        return Row(number, None, _NO_OBJECT if array else f"not JSON: {error}")
    if not isinstance(data, dict):
        return Row(number, None, _NO_OBJECT)
    return Row(number, data)  # pyright: ignore[reportUnknownArgumentType]
