"""Killable processes of this machine, without queue or HTTP: the children of the service's workers, fed directly.

They make rows of the output of rows of the input by themselves, since whatever their parent did, all would wait for.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

from app.offline.chunk import Chunk
from app.offline.engines import finishing
from app.offline.engines.base import Engine, Plan
from app.offline.engines.forking import offline_fork_server
from app.offline.engines.lending import Lender
from app.offline.records import Record, Scores
from app.offline.rows import Done
from app.queue import codec
from app.queue.codec import ComponentScore, RawBatch, RawEntry
from app.queue.packing import components_of
from app.rewards.base import CPU_LANE
from app.rubric import Rubric
from app.settings import Settings
from app.worker.slot import Budget, Slot

_WATCH_S = 0.05
_CHUNK = 1024
"""Rows of a chunk, which is as long as a second look at it, should a child die of it, may be."""
_MICRO_BATCH = 64
"""Items a child gets at once: it must not wait for its parent, and a part must not wait for one child."""


T = TypeVar("T")


class _Job(NamedTuple):
    run: Callable[[Slot], Coroutine[Any, Any, Any]]
    answer: asyncio.Future[Any]


class LocalEngine(Engine):
    """A pool of children for each lane that the rubric needs; one a core."""

    def __init__(self, rubric: Rubric, settings: Settings, children: int, *, evidence: bool = False) -> None:
        self._rubric = rubric
        self._settings = settings
        self._children = children
        self._evidence = evidence
        self._context = offline_fork_server()
        self._slots: dict[str, list[Slot]] = {}
        self._jobs: dict[str, asyncio.Queue[_Job]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._works = components_of(rubric)
        self._lender = Lender()
        self.in_flight = 4 * children
        self.chunk = _CHUNK

    async def start(self) -> None:
        self._tasks.append(asyncio.create_task(self._watch()))
        self._lane(CPU_LANE)
        await asyncio.gather(*(slot.start() for slot in self._slots[CPU_LANE]))

    async def score(self, records: Sequence[Record]) -> list[Scores]:
        plans: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {}
        by_lane: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for index, record in enumerate(records):
            kind = str(record.item.reference.get("kind"))
            if kind not in plans:
                plans[kind] = tuple(self._rubric.lanes(kind).items())
            for plan in plans[kind]:
                by_lane.setdefault(plan, []).append(index)
        found: list[dict[int, ComponentScore]] = [{} for _ in records]
        jobs = [
            self._submit(lane, components, indices[at : at + _MICRO_BATCH], records)
            for (lane, components), indices in by_lane.items()
            for at in range(0, len(indices), _MICRO_BATCH)
        ]
        for payloads in await asyncio.gather(*jobs):
            for payload in payloads:
                for one in codec.decode_scores(payload):
                    found[one.index].update(one.components)
        return [[scores[i] for i in range(len(self._works))] for scores in found]

    async def _submit(
        self, lane: str, components: tuple[int, ...], indices: list[int], records: Sequence[Record]
    ) -> list[bytes]:
        entries = [
            RawEntry(i, f"{records[i].source}:{records[i].place.row}", codec.Raw(codec.encode(records[i].item)))
            for i in indices
        ]
        payload = codec.encode(RawBatch([self._works[c] for c in components], self._evidence, entries))

        async def run(slot: Slot) -> list[bytes]:
            found: list[bytes] = []
            await slot.run(payload, len(indices), lambda scores, _: found.append(scores))
            return found

        return await self._given(lane, run)

    async def finish(self, plan: Plan, chunk: Chunk) -> Done | None:
        """A child that dies of a chunk costs the chunk a second, more careful look, record by record."""
        with self._lender.lent(chunk) as one:
            call = finishing.call(plan, one)

            async def run(slot: Slot) -> bytes | None:
                return await slot.call(call, chunk.block.rows)

            answer = await self._given(CPU_LANE, run)
        return None if answer is None else finishing.decode(answer)

    async def _given(self, lane: str, run: Callable[[Slot], Coroutine[Any, Any, T]]) -> T:
        """What a slot of a lane makes of it, once one is free."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._lane(lane).put_nowait(_Job(run, answer))
        return await answer

    def _lane(self, lane: str) -> asyncio.Queue[_Job]:
        if lane not in self._jobs:
            budget = Budget.of(self._settings, lane)
            self._jobs[lane] = asyncio.Queue()
            self._slots[lane] = [Slot(self._context, budget, "critical") for _ in range(self._children)]
            self._tasks += [asyncio.create_task(self._serve(slot, self._jobs[lane])) for slot in self._slots[lane]]
        return self._jobs[lane]

    async def _serve(self, slot: Slot, jobs: asyncio.Queue[_Job]) -> None:
        while True:
            job = await jobs.get()
            found = await job.run(slot)
            if not job.answer.done():
                job.answer.set_result(found)

    async def _watch(self) -> None:
        while True:
            for slots in self._slots.values():
                for slot in slots:
                    slot.watch()
            await asyncio.sleep(_WATCH_S)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for slots in self._slots.values():
            for slot in slots:
                await slot.close()
        self._lender.close()
