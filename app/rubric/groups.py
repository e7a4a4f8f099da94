"""Group rewards of a batch: computed once, after all items have their own components."""

from collections.abc import Sequence
from typing import NamedTuple

from app.rewards import isolated, registry
from app.rewards.base import Component, Member, Sample
from app.rubric.model import Rubric


class GroupItem(NamedTuple):
    """An item of a batch with the components that it has so far, in the order of the rubric's `components`."""

    group: str | None
    """Items without a group are groups of their own."""
    sample: Sample
    """The completion may be left out where the rubric does not keep completions and `meta` gives the lengths."""
    components: Sequence[Component]


def score_groups(rubric: Rubric, items: Sequence[GroupItem]) -> list[tuple[Component, ...]]:
    """The components of the rubric's group rewards for each item, in the order of `rubric.group_components`. Pure."""
    groups: dict[tuple[str | None, int], list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault((item.group, -1 if item.group is not None else index), []).append(index)
    found: list[list[Component]] = [[] for _ in items]
    names = [c.name for c in rubric.components]
    members = [
        Member(
            item.sample,
            dict(zip(names, item.components, strict=True)),
            rubric.combine_items([c.score for c in item.components]),
        )
        for item in items
    ]
    for component in rubric.group_components:
        params = component.reward.params.model_validate(component.params)
        plugin = registry.is_plugin(component.reward.name)
        for indices in groups.values():
            own = [members[i] for i in indices]
            if plugin:
                scored = isolated.score_group(component.reward, own, component.params)
            else:
                scored = component.reward.score_group(own, params)
            for index, one in zip(indices, scored, strict=True):
                found[index].append(one)
    return [tuple(one) for one in found]
