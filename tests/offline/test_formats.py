"""Files of rows: every format, and what a broken one gives."""

import gzip
import json
import random
import tempfile
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.offline import formats, lines
from app.offline.chunk import Chunk
from app.offline.extras import InputError
from app.offline.formats import expand, rows

ROWS = [{"completion": f"answer {n}", "n": n} for n in range(700)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def write(folder: Path, name: str) -> Path:
    path = folder / name
    table = pa.Table.from_pylist(ROWS)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(LINES))
    elif name.endswith(".zst"):
        path.write_bytes(zstandard.compress(LINES))
    elif name.endswith(".parquet"):
        pq.write_table(table, path, row_group_size=100)
    elif name.endswith(".feather"):
        feather.write_feather(table, str(path))
    elif name.endswith("stream.arrow"):
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=90)
    elif name.endswith(".arrow"):
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=90)
    else:
        path.write_bytes(LINES)
    return path


NAMES = ["a.jsonl", "a.ndjson", "a.jsonl.gz", "a.jsonl.zst", "a.parquet", "a.feather", "a.arrow", "stream.arrow"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("start", [0, 1, 256, 699, 700, 900])
def test_format_gives_its_rows_from_anywhere(tmp_path: Path, name: str, start: int) -> None:
    found = list(rows(write(tmp_path, name), start))
    assert [row.data for row in found] == ROWS[start:]
    assert [row.number for row in found] == list(range(start + 1, len(ROWS) + 1))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet", "a.arrow", "a.feather"])
def test_file_that_breaks_off_ends_in_one_bad_row(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    found = list(rows(path))
    assert found[-1].data is None
    assert "can't be read further" in found[-1].problem
    assert [row.data for row in found[:-1]] == ROWS[: len(found) - 1]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet", "a.arrow", "a.feather"])
def test_file_of_anything_else_is_one_bad_row(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(random.Random(0).randbytes(5000))
    [row] = rows(path)
    assert row.data is None
    assert "can't be read further" in row.problem


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_archive_that_is_damaged_within_gives_what_is_before(tmp_path: Path, name: str) -> None:
    """Whatever its library raises; an archive without checksums may give nonsense in between."""
    path = write(tmp_path, name)
    packed = bytearray(path.read_bytes())
    for place in range(20, len(packed), 97):
        path.write_bytes(packed[:place] + b"\xff" * 8 + packed[place + 8 :])
        assert [row.number for row in rows(path)] == sorted({row.number for row in rows(path)})


def test_bad_lines_cost_themselves_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    deep = b"[" * 100_000
    lines = [b"\xef\xbb\xbf" + b'{"a": 1}', b"{", b"[1]", b"\x00\xff", b"", deep, b'{"a": 2}']
    path.write_bytes(b"\n".join(lines))
    found = list(rows(path))
    assert [(row.number, row.data) for row in found if row.data] == [(1, {"a": 1}), (7, {"a": 2})]
    assert [row.number for row in found if row.data is None] == [2, 3, 4, 6]


def test_line_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the pieces end that the file is read in; a line that never ends is not held either."""
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    path = tmp_path / "a.jsonl"
    long = b'{"a": "' + b"x" * 5000 + b'"}'
    path.write_bytes(b'{"a": 1}\n' + long + b'\n{"a": 3}\n\n' + long + b"\n" + long)
    for piece in (1, 7, 50, 4096, 1 << 20):
        monkeypatch.setattr(lines, "_PIECE", piece)
        found = [(row.number, row.data) for row in rows(path)]
        assert found == [(1, {"a": 1}), (2, None), (3, {"a": 3}), (5, None), (6, None)]
        assert list(rows(path, 2)) == list(rows(path))[2:]
        assert max(len(block.encoded) for block in formats.blocks(path, 0, 256, 10)) < max(200, 2 * piece)


@given(
    st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" ")), max_size=30),
    st.integers(1, 50),
    st.integers(0, 10),
    st.integers(1, 8),
)
def test_block_stands_in_its_file_where_it_says(texts: list[bytes], piece: int, start: int, most_rows: int) -> None:
    with (
        tempfile.NamedTemporaryFile(suffix=".jsonl") as file,
        patch.object(lines, "_PIECE", piece),
        patch.object(lines, "MAX_LINE_BYTES", 25),
    ):
        file.write(b"\n".join(texts))
        file.flush()
        for block in lines.blocks(Path(file.name), start, most_rows, 64):
            sent = Chunk(0, file.name, False, 0, block)
            assert sent.light().whole() == sent
            assert block.problem or not sent.light().block.encoded


def test_block_of_a_file_that_became_shorter_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "rows.jsonl")
    chunk = Chunk(0, str(path), False, 0, next(lines.blocks(path, 0, 100, 1 << 20)))
    path.write_bytes(LINES[:50])
    with pytest.raises(OSError, match="shorter"):
        chunk.light().whole()


def test_inputs_are_files_globs_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("b.jsonl", "a.parquet"):
        write(folder, name)
    (folder / "dataset_info.json").write_text("{}")
    (folder / "README.md").write_text("no rows")
    assert [p.name for p in expand([str(folder)])] == ["a.parquet", "b.jsonl"]
    assert [p.name for p in expand([str(folder / "*.jsonl"), str(folder / "a.parquet")])] == ["b.jsonl", "a.parquet"]
    for missing in (str(tmp_path / "none"), str(tmp_path / "*.x"), str(folder / "README.md")):
        with pytest.raises(InputError):
            expand([missing])
