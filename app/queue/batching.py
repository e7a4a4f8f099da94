"""Cuts a request into micro-batches: by the components and lanes that its items need, then by number and size."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.queue.codec import ComponentWork, WorkBatch, WorkItem


class Plan(NamedTuple):
    """What one kind of reference needs of one lane."""

    lane: str
    components: tuple[int, ...]
    """Positions in the rubric."""


class Limits(NamedTuple):
    """Bounds of one micro-batch."""

    items: int
    bytes: int


def micro_batches(
    request: str,
    work: Iterable[tuple[WorkItem, tuple[Plan, ...]]],
    components: list[ComponentWork],
    evidence: bool,
    limits: Limits,
) -> Iterator[tuple[str, WorkBatch]]:
    """Yield `(lane, micro-batch)`; every item is in one micro-batch of each of its plans, in the items' order."""
    open_: dict[Plan, tuple[list[WorkItem], int]] = {}

    def batch(plan: Plan, items: list[WorkItem]) -> tuple[str, WorkBatch]:
        return plan.lane, WorkBatch(request, [components[i] for i in plan.components], evidence, items)

    for item, plans in work:
        size = len(item.completion) + len(item.prompt)
        for plan in plans:
            items, total = open_.get(plan, ([], 0))
            if items and (len(items) >= limits.items or total + size > limits.bytes):
                yield batch(plan, items)
                items, total = [], 0
            items.append(item)
            open_[plan] = (items, total + size)
    for plan, (items, _) in open_.items():
        yield batch(plan, items)
