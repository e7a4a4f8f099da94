"""Ray Data: the same scoring as a stage of a data set's pipeline, on one machine or a cluster.

In a pipeline of one's own: `dataset.map_batches(ScoreStage, fn_constructor_kwargs={"rubric": …}, …)`; docs/offline.md.
"""

import asyncio
import logging
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from app.offline.engines.base import Engine, EngineError
from app.offline.engines.local import LocalEngine
from app.offline.extras import InputError, optional
from app.offline.records import Place, Record, Scores
from app.queue import codec
from app.queue.codec import WorkItem
from app.rubric import resolve
from app.schemas import RubricSpec
from app.settings import Settings

_BLOCK = 64
"""Records of a block: small enough that a chunk spreads over the actors."""
_CHUNK, _CHUNK_BYTES = 50_000, 128 << 20
"""Rows of one pipeline: its actors start anew for each, which takes seconds."""
_decode = codec.msgspec.msgpack.Decoder(WorkItem).decode
_decode_scores = codec.msgspec.msgpack.Decoder(list[codec.ComponentScore]).decode


class ScoreStage:
    """An actor of `map_batches`: column `item` (an encoded WorkItem) in, column `scores` (encoded) out.

    Each actor keeps one killable child: a completion that hangs or crashes costs itself alone, as in the service.
    """

    def __init__(self, rubric: dict[str, Any], evidence: bool = False) -> None:
        self._loop = asyncio.new_event_loop()
        self._engine = LocalEngine(resolve(RubricSpec.model_validate(rubric)), Settings(), 1, evidence=evidence)
        self._loop.run_until_complete(self._engine.start())

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        records = [
            Record(str(n), None, _decode(item), "", None, "ray", Place(0, n)) for n, item in enumerate(batch["item"])
        ]
        scores = self._loop.run_until_complete(self._engine.score(records))
        return {"index": batch["index"], "scores": [codec.encode(one) for one in scores]}


class RayEngine(Engine):
    """Sends each chunk through a Ray Data stage with `actors` actors; joins a cluster if RAY_ADDRESS names one."""

    def __init__(self, spec: RubricSpec, actors: int, *, evidence: bool = False) -> None:
        self._spec = spec.model_dump(mode="json")
        self._actors = actors
        self._evidence = evidence
        self._started = False
        self.in_flight = 1
        """Ray Data keeps the actors busy within a chunk; chunks are large."""
        self.chunk, self.chunk_bytes = _CHUNK, _CHUNK_BYTES

    async def start(self) -> None:
        try:
            self._ray: Any = optional("ray", "for --engine ray")
            self._data: Any = optional("ray.data", "for --engine ray")
        except InputError as error:
            raise EngineError(str(error).replace("offline", "ray")) from None
        if not self._ray.is_initialized():
            own: dict[str, Any] = {"num_cpus": self._actors, "include_dashboard": False}
            await asyncio.to_thread(
                self._ray.init,
                **({} if os.environ.get("RAY_ADDRESS") else own),
                configure_logging=False,
                log_to_driver=False,
            )
            self._started = True
        context: Any = self._data.DataContext.get_current()
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)

    async def score(self, records: Sequence[Record]) -> list[Scores]:
        found = await asyncio.to_thread(self._score, [codec.encode(record.item) for record in records])
        return [_decode_scores(one) for one in found]

    def _score(self, items: list[bytes]) -> list[bytes]:
        blocks = max(1, (len(items) + _BLOCK - 1) // _BLOCK)
        dataset: Any = self._data.from_items(
            [{"index": n, "item": item} for n, item in enumerate(items)], override_num_blocks=blocks
        ).map_batches(
            ScoreStage,
            fn_constructor_kwargs={"rubric": self._spec, "evidence": self._evidence},
            batch_size=_BLOCK,
            compute=self._data.ActorPoolStrategy(size=self._actors),
            num_cpus=1,
        )
        scores: list[bytes | None] = [None] * len(items)
        with _as_engine_error():
            for row in dataset.iter_rows():
                scores[row["index"]] = row["scores"]
        return [one for one in scores if one is not None]

    async def close(self) -> None:
        if self._started:
            await asyncio.to_thread(self._ray.shutdown)


@contextmanager
def _as_engine_error() -> Generator[None]:
    """The edge to Ray: what its pipeline raises ends the run, which can be resumed."""
    try:
        yield
    except Exception as error:
        raise EngineError(f"ray: {type(error).__name__}: {error}") from error
