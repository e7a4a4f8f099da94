"""Reads rows from files: JSON lines, plain or compressed, Parquet, Arrow, and folders of Hugging Face `datasets`.

Rows stream: no file is held in memory. A file that breaks off gives its good rows, then one bad row.
"""

import glob
import gzip
import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

MAX_LINE_BYTES = 64 << 20
"""A row: far above the longest completion with its tests."""
_HEAD_BYTES = 1 << 20
_BUFFER = 1 << 20
"""Of a file: a read of the usual 8 KB for every few rows costs more than the rows."""
_PACKING = 4
"""How much smaller text gets by packing, for the progress bar alone."""
_TABLE_ROWS = 256
"""Rows of a table turned into Python objects at a time: few, so that long texts stay within some MB."""
_JSON = (".jsonl", ".ndjson", ".json")
_TABLES = (".parquet", ".arrow", ".feather")
_PACKED = (".gz", ".zst")
_BOM = b"\xef\xbb\xbf"
SUFFIXES = (*_JSON, *(f"{j}{p}" for j in _JSON for p in _PACKED), *_TABLES)


class InputError(ValueError):
    """No such file, or none that can be read. Says what can be."""


class RawRow(NamedTuple):
    """One row, from 1, as JSON, or as msgpack where it stood in a table; None where it can't be read."""

    number: int
    encoded: bytes | None
    problem: str = ""


class Row(NamedTuple):
    """One row, from 1; `data` is None where it can't be read, and `problem` says why."""

    number: int
    data: dict[str, Any] | None
    problem: str = ""


def expand(inputs: list[str]) -> list[Path]:
    """The files that paths, globs and folders name, in order. Raises InputError where one names none."""
    found: list[Path] = []
    for given in inputs:
        path = Path(given)
        if path.is_dir():
            files = [p for p in sorted(path.rglob("*")) if p.is_file() and _kind(p) and not p.name.startswith(".")]
            files = [p for p in files if p.name not in ("dataset_info.json", "state.json", "dataset_dict.json")]
        elif path.exists():
            files = [path]
        else:
            files = [Path(name) for name in sorted(glob.glob(given, recursive=True))]  # noqa: PTH207 - takes absolute patterns
        if not files:
            raise InputError(f"{given}: no such file, and no files match it")
        for file in files:
            if not _kind(file):
                raise InputError(f"{file}: unknown kind of file; there are: {', '.join(SUFFIXES)}")
        found += [file for file in files if file not in found]
    return found


def rows(path: Path, start: int = 0) -> Iterator[Row]:
    """Rows of a file after the first `start`."""
    table = is_table(path)
    return (decode(row, table) for row in raw_rows(path, start))


def raw_rows(path: Path, start: int = 0) -> Iterator[RawRow]:
    """The same, still encoded: reading is cheap, and whoever scores a row decodes it."""
    reader = _tables(path, start) if is_table(path) else _lines(path, start)
    number = start
    try:
        for row in reader:
            number = row.number
            yield row
    except (OSError, EOFError, ValueError) as error:  # a truncated archive, a broken table
        yield RawRow(number + 1, None, f"the file can't be read further: {type(error).__name__}: {error}")


def is_table(path: Path) -> bool:
    """Whether a file holds a table, whose rows are msgpack; JSON lines otherwise."""
    return _kind(path) in _TABLES


_decode_json: Any = msgspec.json.Decoder().decode
_decode_msgpack: Any = msgspec.msgpack.Decoder().decode


def decode(row: RawRow, table: bool) -> Row:
    """A row as Python objects of JSON's types."""
    if row.encoded is None:
        return Row(row.number, None, row.problem)
    try:
        data: Any = _decode_msgpack(row.encoded) if table else _decode_json(row.encoded.removeprefix(_BOM))
    except (ValueError, RecursionError) as error:
        return Row(row.number, None, f"not JSON: {error}")
    if not isinstance(data, dict):
        return Row(row.number, None, "not a JSON object")
    return Row(row.number, data)  # pyright: ignore[reportUnknownArgumentType]


def _kind(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes = suffixes[:-1]
        return suffixes[-1] if suffixes and suffixes[-1] in _JSON else ""
    return suffixes[-1] if suffixes and suffixes[-1] in (*_JSON, *_TABLES) else ""


def _open(path: Path) -> io.BufferedReader:
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(gzip.GzipFile(path), _BUFFER)
    if path.suffix.lower() == ".zst":
        return io.BufferedReader(_Zstandard(path), _BUFFER)
    return io.BufferedReader(path.open("rb", buffering=0), _BUFFER)


class _Zstandard(io.RawIOBase):
    """Decompresses frame after frame. The library's own reader takes a file that breaks off for one that ends."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._decompressor: Any = optional("zstandard", f"to read {path.name}").ZstdDecompressor()
        self._file = path.open("rb")
        self._frame: Any = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            packed = self._file.read(1 << 18)
            if not packed:
                if self._frame is not None:
                    raise EOFError("the file breaks off within a frame")
                return 0
            self._ready = self._unpack(packed)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _unpack(self, packed: bytes) -> bytes:
        found: list[bytes] = []
        while packed:
            self._frame = self._frame or self._decompressor.decompressobj()
            found.append(self._frame.decompress(packed))
            packed = b""
            if self._frame.eof:
                packed, self._frame = self._frame.unused_data, None
        return b"".join(found)

    def close(self) -> None:
        self._file.close()
        super().close()


def optional(module: str, purpose: str) -> Any:
    """A package of the extra `offline`. Raises InputError that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise InputError(f"{purpose} the package {name} is needed: pip install 'assay[offline]'") from None


def estimate(path: Path) -> int:
    """About how many rows a file has, from its first MB; 0 where that can't be told."""
    if _kind(path) == ".parquet":
        parquet: Any = optional("pyarrow.parquet", f"to read {path.name}")
        try:
            return int(parquet.read_metadata(path).num_rows)
        except (OSError, ValueError):
            return 0
    if _kind(path) in _TABLES:
        return 0
    try:
        with _open(path) as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, EOFError):
        return 0
    if len(head) < _HEAD_BYTES:
        return head.count(b"\n")
    packed = _PACKING if path.suffix.lower() in _PACKED else 1
    return path.stat().st_size * packed * head.count(b"\n") // len(head)


def _lines(path: Path, start: int) -> Iterator[RawRow]:
    with _open(path) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                if number > start:
                    yield RawRow(number, None, f"longer than {MAX_LINE_BYTES} bytes")
                continue
            if number <= start or line.isspace():
                continue
            yield RawRow(number, line)


def _tables(path: Path, start: int) -> Iterator[RawRow]:
    number = 0
    for batch in _batches(path):
        if number + batch.num_rows <= start:
            number += batch.num_rows
            continue
        as_json = all(map(_is_json, batch.schema.types))
        names = batch.schema.names
        for offset in range(0, batch.num_rows, _TABLE_ROWS):
            columns = [column.to_pylist() for column in batch.slice(offset, _TABLE_ROWS).columns]
            for values in zip(*columns, strict=True):  # three times as fast as the batch's own to_pylist
                number += 1
                if number > start:
                    data = dict(zip(names, values, strict=True))
                    yield _packed(number, data if as_json else plain(data))


_encode_msgpack = msgspec.msgpack.Encoder().encode


def _packed(number: int, data: dict[str, Any]) -> RawRow:
    try:
        return RawRow(number, _encode_msgpack(data))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        return RawRow(number, None, f"can't be read: {error}")


def _is_json(kind: Any) -> bool:
    """Whether an Arrow type comes as a type of JSON's."""
    types: Any = optional("pyarrow.types", "to read tables")
    if types.is_struct(kind):
        return all(_is_json(kind.field(n).type) for n in range(kind.num_fields))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_dictionary(kind):
        return _is_json(kind.value_type)
    tests = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
    return types.is_null(kind) or any(test(kind) for test in tests)


def plain(value: Any) -> Any:
    """Values of tables as JSON has them: tuples, sets and numpy arrays as lists, times as text, bytes as text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple | set):
        return [plain(v) for v in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _batches(path: Path) -> Iterator[Any]:
    """Record batches of a table."""
    if path.suffix.lower() == ".parquet":
        parquet: Any = optional("pyarrow.parquet", f"to read {path.name}")
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_TABLE_ROWS)
        return
    arrow: Any = optional("pyarrow", f"to read {path.name}")
    with arrow.memory_map(str(path)) as source:
        try:
            reader = arrow.ipc.open_file(source)
        except arrow.ArrowInvalid:
            source.seek(0)
            yield from arrow.ipc.open_stream(source)
            return
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
