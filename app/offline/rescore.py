"""Scores a stream of chunks with an engine, in order, and writes them part by part."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from app.offline.chunk import Chunk, records
from app.offline.engines.base import Engine, Plan
from app.offline.output import Output, Position
from app.offline.records import BadRow, Record
from app.offline.rows import Columns, Combiner, Done, Entry
from app.offline.source import Source
from app.rubric import Rubric, resolve
from app.schemas import RubricSpec

PART_ROWS = int(os.environ.get("ASSAY_PART_ROWS", 20_000))
"""Rows of a part: a file of some MB."""
PART_S = 20.0
"""A kill costs at most so much work."""


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
        spec: RubricSpec,
        output: Output,
        *,
        text: bool = False,
        evidence: bool = False,
        progress: Callable[[Tally], None] | None = None,
    ) -> None:
        self._source = source
        self._layout = source.settle()
        self._output = output
        self._progress = progress
        rubric = resolve(spec)
        self._columns = Columns(rubric.names, text, evidence)
        self._combiner = Combiner(rubric, self._columns)
        self._plan = _plan(spec, rubric, source, text=text, evidence=evidence)
        self._rows: list[tuple[Any, ...]] = []
        self._bad: list[BadRow] = []
        self._position = output.position
        self._part_began = time.monotonic()
        self.tally = Tally(0, 0, 0)

    async def run(self, engine: Engine) -> Tally:
        """Raises EngineError; what is complete by then is written."""
        chunks = self._source.chunks(self._output.position, engine.chunk, engine.chunk_bytes)
        under_way: deque[asyncio.Task[Done | list[Entry]]] = deque()
        try:
            while True:
                while len(under_way) < engine.in_flight and (chunk := next(chunks, None)) is not None:
                    under_way.append(asyncio.create_task(self._score(engine, chunk)))
                if not under_way:
                    break
                found = await under_way[0]
                under_way.popleft()
                self._take(found if isinstance(found, Done) else self._combiner.take(found))
            self._take(self._combiner.end())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            self._flush()
        return self.tally

    async def _score(self, engine: Engine, chunk: Chunk) -> Done | list[Entry]:
        if self._plan is not None and (done := await engine.finish(self._plan, chunk)) is not None:
            return done
        found = list(records(chunk, self._layout))
        scores = iter(await engine.score([one for one in found if isinstance(one, Record)]))
        return [one if isinstance(one, BadRow) else (one, next(scores)) for one in found]

    def _take(self, done: Done) -> None:
        self._rows += done.rows
        self._bad += done.bad
        t = self.tally
        self.tally = Tally(t.rows + len(done.rows), t.abstained + done.abstained, t.bad + len(done.bad))
        if done.last is not None:
            self._position = Position(done.last.file, done.last.row - 1, done.last.part)
        if self._progress is not None:
            self._progress(self.tally)
        if len(self._rows) >= PART_ROWS or (self._rows and time.monotonic() - self._part_began > PART_S):
            self._flush()

    def _flush(self) -> None:
        """Write what is complete as a part."""
        if self._rows or self._bad:
            self._output.write(self._columns, self._rows, self._bad, self._position)
        self._rows, self._bad = [], []
        self._part_began = time.monotonic()


def _plan(spec: RubricSpec, rubric: Rubric, source: Source, *, text: bool, evidence: bool) -> Plan | None:
    """What an engine needs to do without us; None where rows must wait for their group."""
    if rubric.group_components:
        return None
    layout = source.settle()
    return Plan(spec.model_dump(mode="json"), layout.name, layout.spec, text, evidence)
