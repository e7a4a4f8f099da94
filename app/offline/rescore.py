"""Scores a stream of records with an engine, in order, and writes them part by part."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from app.offline.engines.base import Engine, Scores
from app.offline.output import Output, Position, after
from app.offline.records import BadRow, Record
from app.offline.rows import Columns, Combiner, Scored
from app.offline.source import Source
from app.rubric import Rubric

PART_ROWS = int(os.environ.get("ASSAY_PART_ROWS", 20_000))
"""Rows of a part: a file of some MB."""
PART_S = 20.0
"""A kill costs at most so much work."""

Chunk = list[Record | BadRow]


class Tally(NamedTuple):
    """How far a run is."""

    rows: int
    abstained: int
    bad: int


class Rescore:
    """One run over an input. `run` goes to its end, or is cancelled and keeps what is complete."""

    def __init__(
        self,
        source: Source,
        rubric: Rubric,
        output: Output,
        *,
        text: bool = False,
        evidence: bool = False,
        progress: Callable[[Tally], None] | None = None,
    ) -> None:
        self._source = source
        self._rubric = rubric
        self._output = output
        self._text = text
        self._evidence = evidence
        self._progress = progress
        self._combiner = Combiner(rubric)
        self._columns = self._empty()
        self._bad: list[BadRow] = []
        self._waiting_bad: list[BadRow] = []
        """Bad rows after records that wait for their group."""
        self._position = output.position
        self._part_began = time.monotonic()
        self.tally = Tally(0, 0, 0)

    def _empty(self) -> Columns:
        return Columns(self._rubric.names, text=self._text, evidence=self._evidence)

    async def run(self, engine: Engine) -> Tally:
        """Raises EngineError; what is complete by then is written."""
        chunks = self._chunks(engine.chunk)
        under_way: deque[tuple[Chunk, asyncio.Task[list[Scores]]]] = deque()
        try:
            while True:
                while len(under_way) < engine.in_flight and (chunk := next(chunks, None)) is not None:
                    records = [one for one in chunk if isinstance(one, Record)]
                    under_way.append((chunk, asyncio.create_task(engine.score(records))))
                if not under_way:
                    break
                chunk, task = under_way[0]
                scores = await task
                under_way.popleft()
                self._take(chunk, scores)
            self._rows(self._combiner.end())
            self._bad += self._waiting_bad
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
            self._flush()
        return self.tally

    def _chunks(self, size: int) -> Iterator[Chunk]:
        stream = self._source.records(self._output.position)
        while chunk := list(islice(stream, size)):
            yield chunk

    def _take(self, chunk: Chunk, scores: Sequence[Scores]) -> None:
        found = iter(scores)
        for one in chunk:
            if isinstance(one, BadRow):
                self._waiting_bad.append(one)
                self.tally = self.tally._replace(bad=self.tally.bad + 1)
            else:
                self._rows(self._combiner.add(one, next(found)))
        if not self._rubric.group_components:
            self._bad += self._waiting_bad
            self._waiting_bad.clear()
        if self._progress is not None:
            self._progress(self.tally)
        full = len(self._columns) >= PART_ROWS
        if full or (len(self._columns) and time.monotonic() - self._part_began > PART_S):
            self._flush()

    def _rows(self, rows: Iterator[Scored]) -> None:
        last: Scored | None = None
        count = abstained = 0
        for last in rows:
            self._columns.add(last)
            count += 1
            abstained += last.reward is None
        if last is not None:
            place = last.record.place
            self._position = after(place, self._columns.last_content_id)
            self._bad += [bad for bad in self._waiting_bad if bad.place < place]
            self._waiting_bad = [bad for bad in self._waiting_bad if bad.place >= place]
            t = self.tally
            self.tally = Tally(t.rows + count, t.abstained + abstained, t.bad)

    def _flush(self) -> None:
        """Write what is complete as a part."""
        position = self._position
        if self._bad and (end := max(bad.place for bad in self._bad)) > (
            position.file,
            position.row + 1,
            position.part,
        ):
            position = Position(end.file, end.row - 1, end.part, position.content_id)
        if len(self._columns) or self._bad:
            self._output.write(self._columns, self._bad, position)
        self._columns, self._bad = self._empty(), []
        self._position = position
        self._part_began = time.monotonic()
