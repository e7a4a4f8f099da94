"""Scores a stream of chunks with an engine, in order, and writes them part by part."""

import asyncio
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
        part_rows: int,
        progress: Callable[[Tally], None] | None = None,
    ) -> None:
        self._source = source
        self._layout = source.settle()
        self._output = output
        self._part_rows = part_rows
        self._progress = progress
        rubric = resolve(spec)
        self._columns = Columns(rubric.names, text, evidence)
        self._combiner = Combiner(rubric, self._columns)
        self._plan = _plan(spec, rubric, source, text=text, evidence=evidence)
        self._values, self._rows = self._empty(), 0
        self._bad: list[BadRow] = []
        self._position = output.position
        self._part_began = time.monotonic()
        self._writing: asyncio.Task[None] | None = None
        self.tally = Tally(0, 0, 0)

    def _empty(self) -> list[list[Any]]:
        return [[] for _ in self._columns.fields()]

    async def run(self, engine: Engine) -> Tally:
        """Raises EngineError; what is complete by then is written."""
        chunks = self._source.chunks(self._output.position, engine.chunk, engine.chunk_bytes)
        under_way: deque[asyncio.Task[Done | list[Entry]]] = deque()
        self._writing = asyncio.create_task(asyncio.to_thread(self._output.warm_up))
        try:
            while True:
                while len(under_way) < engine.in_flight and (chunk := next(chunks, None)) is not None:
                    under_way.append(asyncio.create_task(self._score(engine, chunk)))
                if not under_way:
                    break
                found = await under_way[0]
                under_way.popleft()
                await self._take(found if isinstance(found, Done) else self._combiner.take(found))
            await self._take(self._combiner.end())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self._flush()
            await self._written()
        return self.tally

    async def _score(self, engine: Engine, chunk: Chunk) -> Done | list[Entry]:
        if self._plan is not None and (done := await engine.finish(self._plan, chunk)) is not None:
            return done
        found = list(records(chunk, self._layout))
        scores = iter(await engine.score([one for one in found if isinstance(one, Record)]))
        return [one if isinstance(one, BadRow) else (one, next(scores)) for one in found]

    async def _take(self, done: Done) -> None:
        for values, more in zip(self._values, done.columns, strict=False):
            values += more if len(more) == done.count else more * done.count
        self._rows += done.count
        self._bad += done.bad
        t = self.tally
        self.tally = Tally(t.rows + done.count, t.abstained + done.abstained, t.bad + len(done.bad))
        if done.last is not None:
            self._position = Position(done.last.file, done.last.row - 1, done.last.part)
        if self._progress is not None:
            self._progress(self.tally)
        if self._rows >= self._part_rows or (self._rows and time.monotonic() - self._part_began > PART_S):
            await self._flush()

    async def _flush(self) -> None:
        """Begin to write what is complete as a part, beside the scoring of the next."""
        await self._written()
        if self._rows or self._bad:
            part = (self._columns, self._values, self._bad, self._position)
            self._writing = asyncio.create_task(asyncio.to_thread(self._output.write, *part))
        self._values, self._rows, self._bad = self._empty(), 0, []
        self._part_began = time.monotonic()

    async def _written(self) -> None:
        if self._writing is not None:
            await self._writing
            self._writing = None


def _plan(spec: RubricSpec, rubric: Rubric, source: Source, *, text: bool, evidence: bool) -> Plan | None:
    """What an engine needs to do without us; None where rows must wait for their group."""
    if rubric.group_components:
        return None
    layout = source.settle()
    return Plan(spec.model_dump(mode="json"), layout.name, layout.spec, text, evidence)
