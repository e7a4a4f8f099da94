"""Rows that stand in no file as they are, of tables and archives, lent to a child as one: through a pipe each byte is
copied five times."""

import os
from collections.abc import Generator
from contextlib import contextmanager

from app.offline.block import Extent
from app.offline.chunk import Chunk

_LEAST_BYTES = 1 << 16
"""Less is sent for no more than the file takes."""


class Lender:
    """Files in memory, as many as chunks are lent at once; used again, since fresh memory takes six times as long."""

    def __init__(self) -> None:
        self._idle: list[int] = []

    @contextmanager
    def lent(self, chunk: Chunk) -> Generator[Chunk]:
        """The chunk, which a file has meanwhile: its own, or one of these. Unchanged where there can be none."""
        encoded = chunk.block.encoded
        if chunk.block.extent is not None or len(encoded) < _LEAST_BYTES or (file := self._file()) is None:
            yield chunk
            return
        try:
            extent = Extent(0, len(encoded), f"/proc/{os.getpid()}/fd/{file}")
            written = _write(file, encoded)
            yield chunk._replace(block=chunk.block._replace(extent=extent)) if written else chunk
        finally:
            self._idle.append(file)

    def _file(self) -> int | None:
        try:
            return self._idle.pop() if self._idle else os.memfd_create("assay-chunk")
        except (AttributeError, OSError):  # not Linux; no descriptor left
            return None

    def close(self) -> None:
        while self._idle:
            os.close(self._idle.pop())


def _write(file: int, encoded: bytes) -> bool:
    """Whether a file begins with some bytes now; not where memory is short."""
    try:
        return os.pwrite(file, encoded, 0) == len(encoded)
    except OSError:
        return False
