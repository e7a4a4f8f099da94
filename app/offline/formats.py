"""Finds the files of an input and reads rows from them: JSON lines, plain or compressed, Parquet, Arrow, and folders of
Hugging Face `datasets`.

Rows stream: no file is held in memory. A file that breaks off gives its good rows, then one bad row.
"""

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.offline import lines, tables
from app.offline.block import Block, Row
from app.offline.extras import InputError, optional

_HEAD_BYTES = 1 << 20
_PACKING = 4
"""How much smaller text gets by packing, for the progress bar alone."""
_BLOCK_ROWS, _BLOCK_BYTES = 256, 1 << 20
_JSON = (".jsonl", ".ndjson", ".json")
_TABLES = (".parquet", ".arrow", ".feather")
SUFFIXES = (*_JSON, *(f"{j}{p}" for j in _JSON for p in lines.PACKED), *_TABLES)


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
        if not files and path.is_dir():
            raise InputError(f"{given}: holds no file of a kind that can be read; there are: {', '.join(SUFFIXES)}")
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
    for block in blocks(path, start):
        yield from decode(block, table)


def blocks(path: Path, start: int, most_rows: int = _BLOCK_ROWS, most_bytes: int = _BLOCK_BYTES) -> Iterator[Block]:
    """The same, still encoded, some rows at a time."""
    return (tables if is_table(path) else lines).blocks(path, start, most_rows, most_bytes)


def decode(block: Block, table: bool) -> Iterator[Row]:
    """The rows of a block as Python objects of JSON's types."""
    if block.problem:
        return iter((Row(block.first, None, block.problem),))
    return (tables if table else lines).decode(block)


def is_table(path: Path) -> bool:
    """Whether a file holds a table, or JSON lines."""
    return _kind(path) in _TABLES


def _kind(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in lines.PACKED:
        suffixes = suffixes[:-1]
        return suffixes[-1] if suffixes and suffixes[-1] in _JSON else ""
    return suffixes[-1] if suffixes and suffixes[-1] in (*_JSON, *_TABLES) else ""


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
        head = b"".join(_head(path))
    except (OSError, EOFError):
        return 0
    if len(head) < _HEAD_BYTES:
        return head.count(b"\n")
    packed = _PACKING if path.suffix.lower() in lines.PACKED else 1
    return path.stat().st_size * packed * head.count(b"\n") // len(head)


def _head(path: Path) -> Iterator[bytes]:
    size = 0
    for piece in lines.pieces(path):
        yield piece
        size += len(piece)
        if size >= _HEAD_BYTES:
            return
