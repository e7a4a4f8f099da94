"""Reads Parquet and Arrow files in blocks of columns, which any process can decode without Arrow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from app.offline.block import Block, Row
from app.offline.extras import optional

_BATCH_ROWS = 512
"""Rows of a Parquet file decoded at a time."""
_BUFFER_BYTES = 1 << 20
"""Of each column."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[str], list[list[Any]]]).decode


def blocks(path: Path, start: int, most_rows: int, most_bytes: int) -> Iterator[Block]:
    """The rows after the first `start`; a block has less than twice so many bytes."""
    number = 0
    try:
        for batch in _batches(path):
            size: int = batch.num_rows
            pieces = max(1, batch.nbytes // most_bytes)  # of one size: each costs the same, whatever is in it
            step = max(1, min(most_rows, -(-size // pieces)))
            for offset in range(max(0, start - number), size, step):
                yield _block(number + offset + 1, batch.slice(offset, step))
            number += size
    except (OSError, ValueError) as error:  # a broken table
        problem = f"the file can't be read further: {type(error).__name__}: {error}"
        yield Block(max(number, start) + 1, 1, b"", problem)


def _block(first: int, batch: Any) -> Block:
    columns = [
        column.to_pylist() if _is_json(column.type) else [plain(value) for value in column.to_pylist()]
        for column in batch.columns
    ]
    return Block(first, batch.num_rows, _encode((batch.schema.names, columns)))


def decode(block: Block) -> Iterator[Row]:
    """The rows of a block."""
    names, columns = _decode(block.encoded)
    values = zip(*(column[: block.rows] for column in columns), strict=True)
    return (Row(number, dict(zip(names, one, strict=True))) for number, one in enumerate(values, block.first))


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
        # By the buffer a column of a row group, which may be the whole file, is read some at a time.
        with parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES) as file:
            # Threads cost more than they save where other processes keep the cores busy.
            yield from file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False)
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
