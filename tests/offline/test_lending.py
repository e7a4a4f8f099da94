"""Rows lent to a child as a file in memory."""

import os
from pathlib import Path

import pytest

from app.offline.block import Block, Extent
from app.offline.chunk import Chunk
from app.offline.engines.lending import Lender


def _chunk(size: int, extent: Extent | None = None, fill: bytes = b"x") -> Chunk:
    return Chunk(0, "rows.parquet", True, 0, Block(1, 1, fill * size, "", extent))


def test_a_lent_chunk_travels_without_its_bytes_and_is_whole_again() -> None:
    lender = Lender()
    for size, fill in ((1 << 20, b"a"), (1 << 17, b"b"), (1 << 21, b"c")):  # the same file, longer and shorter
        chunk = _chunk(size, fill=fill)
        with lender.lent(chunk) as one:
            light = one.light()
            assert light.block.encoded == b""
            assert light.source == "rows.parquet"
            assert light.whole().block.encoded == chunk.block.encoded
    lender.close()


def test_chunks_lent_at_once_do_not_share_a_file() -> None:
    lender = Lender()
    first, second = _chunk(1 << 17, fill=b"a"), _chunk(1 << 17, fill=b"b")
    with lender.lent(first) as one, lender.lent(second) as two:
        assert one.light().whole().block.encoded == first.block.encoded
        assert two.light().whole().block.encoded == second.block.encoded
    lender.close()


@pytest.mark.parametrize("chunk", [_chunk(100), _chunk(1 << 20, Extent(0, 1 << 20))])
def test_what_is_short_or_in_a_file_already_stays_as_it_is(chunk: Chunk) -> None:
    lender = Lender()
    with lender.lent(chunk) as one:
        assert one is chunk
    lender.close()


def test_without_a_file_in_memory_the_bytes_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_name: str) -> int:
        raise OSError("no descriptor left")

    monkeypatch.setattr(os, "memfd_create", none)
    chunk = _chunk(1 << 20)
    with Lender().lent(chunk) as one:
        assert one.light() is chunk


def test_nothing_stays_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    lender = Lender()
    with lender.lent(_chunk(1 << 17)), lender.lent(_chunk(1 << 17)):
        pass
    lender.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
