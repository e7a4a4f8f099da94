"""Results of a job, in the order of its items: component scores are kept, rewards are made of them at every reading."""

from collections.abc import AsyncGenerator, Sequence

from app.api.jobs.view import Job
from app.api.results import Combiner, GroupOut, Groups, ItemOut, Label, of_component
from app.queue.codec import ComponentScore
from app.queue.jobs.model import JobLabel
from app.queue.jobs.store import JobStore
from app.rewards.base import Component, Sample
from app.rubric import Rubric

_CHUNKS_AT_ONCE = 32
_Scores = list[ComponentScore]


class JobResults:
    """Reads one job; rewards of whole groups are there once the job is over."""

    def __init__(self, store: JobStore, job: Job, rubric: Rubric) -> None:
        self._store = store
        self._spec, self._status = job
        self._rubric = rubric
        self._combiner = Combiner(rubric, self._spec.on_abstain)  # pyright: ignore[reportArgumentType]

    async def each(self, first: int, stop: int) -> AsyncGenerator[tuple[int, Label, ItemOut | None]]:
        """Items of a range in order; None where one is not scored (yet)."""
        chunk = self._spec.chunk
        stop = min(stop, self._spec.items)
        for start in range(first // chunk, -(-stop // chunk), _CHUNKS_AT_ONCE):
            numbers = range(start, min(start + _CHUNKS_AT_ONCE, -(-stop // chunk)))
            labels = [label for some in await self._store.labels(self._spec.id, numbers) for label in some]
            scores = await self._scores(numbers)
            of_groups = await self._of_groups(labels, numbers.start * chunk)
            for index in range(max(first, numbers.start * chunk), min(stop, numbers.stop * chunk)):
                position = index - numbers.start * chunk
                label = Label(labels[position].id, labels[position].group)
                yield index, label, self._result(label, scores[position], of_groups, index)

    async def groups(self) -> list[GroupOut]:
        """Statistics of all groups, over the items that are scored."""
        groups = Groups(self._rubric)
        async for index, label, result in self.each(0, self._spec.items):
            if result is not None:
                groups.add(label.group, index, result)
        return groups.stats()

    def _result(
        self, label: Label, scores: _Scores | None, of_groups: dict[int, tuple[Component, ...]] | None, index: int
    ) -> ItemOut | None:
        if scores is None:
            return None
        if not self._rubric.group_components:
            return self._combiner.result(label.id, scores)
        of_group = (of_groups or {}).get(index)
        if of_group is None:
            return None
        return self._combiner.result(label.id, [*scores, *map(of_component, of_group)])

    async def _scores(self, chunks: Sequence[int]) -> list[_Scores | None]:
        """Scores of the items of chunks, None for those that are not complete."""
        found: list[_Scores | None] = []
        for number, rows in zip(chunks, await self._store.rows(self._spec.id, chunks), strict=True):
            for row in rows or [[None]] * self._spec.chunk_items(number):
                known = [score for score in row if score is not None]
                found.append(known if len(known) == len(row) else None)
        return found

    async def _of_groups(self, labels: list[JobLabel], first: int) -> dict[int, tuple[Component, ...]] | None:
        """What group rewards say of these items: their groups are read as a whole, wherever their members are."""
        if not self._rubric.group_components or not self._status.state.over:
            return None
        wanted = {label.group for label in labels if label.group is not None}
        members = [index for index, label in enumerate(labels, first) if label.group is None]
        chunks = range(-(-self._spec.items // self._spec.chunk))
        every: dict[int, JobLabel] = {}
        for start in range(0, len(chunks), _CHUNKS_AT_ONCE):
            some = await self._store.labels(self._spec.id, chunks[start : start + _CHUNKS_AT_ONCE])
            flat = (label for chunk in some for label in chunk)
            for index, label in enumerate(flat, start * self._spec.chunk):
                if label.group in wanted:
                    members.append(index)
                every |= {index: label} if label.group in wanted or first <= index < first + len(labels) else {}
        return await self._grouped(sorted(members), every)

    async def _grouped(self, members: list[int], labels: dict[int, JobLabel]) -> dict[int, tuple[Component, ...]]:
        chunk = self._spec.chunk
        numbers = sorted({index // chunk for index in members})
        scores = dict(zip(numbers, await self._rows(numbers), strict=True))
        samples = dict(zip(numbers, await self._store.samples(self._spec.id, numbers), strict=True))
        complete = [i for i in members if scores[i // chunk][i % chunk] is not None]
        found = self._combiner.grouped(
            [Label(labels[i].id, labels[i].group) for i in complete],
            [_sample(samples[i // chunk], i % chunk) for i in complete],
            [scores[i // chunk][i % chunk] or [] for i in complete],
        )
        return dict(zip(complete, found, strict=True))

    async def _rows(self, numbers: Sequence[int]) -> list[list[_Scores | None]]:
        flat = await self._scores(numbers)
        found: list[list[_Scores | None]] = []
        for number in numbers:
            size = self._spec.chunk_items(number)
            found.append(flat[:size])
            flat = flat[size:]
        return found


def _sample(samples: Sequence[object], position: int) -> Sample:
    kept = samples[position]
    return Sample(getattr(kept, "completion", ""), meta=getattr(kept, "meta", {}))
