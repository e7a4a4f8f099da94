"""From a rubric as data to one ready to score with."""

from typing import Any

from pydantic import ValidationError

from app.rewards import registry
from app.rewards.base import GroupReward, Params, Reward
from app.rubric.errors import BadRubric
from app.rubric.model import BoundComponent, BoundGate, BoundGroupComponent, Rubric
from app.schemas import BRANCH, ComponentSpec, GateSpec, RubricSpec


def bind(spec: RubricSpec) -> Rubric:
    """Find the rewards of a rubric and check their parameters and gates. Raises BadRubric."""
    items: list[BoundComponent] = []
    groups: list[BoundGroupComponent] = []
    for name, component in spec.components.items():
        reward = _reward(component, ("components", name))
        params = _params(reward.params, component, ("components", name))
        if isinstance(reward, GroupReward):
            groups.append(BoundGroupComponent(name, reward, params, component.weight))
        else:
            items.append(BoundComponent(name, reward, params, component.weight))
    if not items:
        raise BadRubric(("components",), "group rewards alone: at least one component must score single items")
    if spec.clip is not None and spec.clip[0] > spec.clip[1]:
        raise BadRubric(("clip",), "the lower bound is above the upper")
    return Rubric(
        spec.name,
        tuple(items),
        spec.on_abstain,
        tuple(groups),
        spec.combine,
        spec.scale,
        spec.offset,
        spec.clip,
        tuple(_gate(gate, n, [c.name for c in items]) for n, gate in enumerate(spec.gates)),
    )


def _reward(component: ComponentSpec, path: tuple[str, ...]) -> Reward[Any] | GroupReward[Any]:
    try:
        return registry.find(component.reward)
    except registry.UnknownReward as error:
        raise BadRubric((*path, "reward"), str(error)) from None


def _params(params: type[Params], component: ComponentSpec, path: tuple[str, ...]) -> dict[str, Any]:
    try:
        return params.model_validate(component.params).model_dump(mode="json")
    except ValidationError as error:
        raise bad_field(error, (*path, "params")) from None


def _gate(gate: GateSpec, number: int, names: list[str]) -> BoundGate:
    path = ("gates", str(number))
    if gate.when not in names:
        raise BadRubric(
            (*path, "when"), f"no component '{gate.when}' scores single items; there are: {', '.join(names)}"
        )
    if gate.at_most is None and gate.at_least is None:
        raise BadRubric(path, "a gate needs `at_most` or `at_least`")
    return BoundGate(names.index(gate.when), gate.at_most, gate.at_least, gate.reward)


def bad_field(error: ValidationError, path: tuple[str, ...] = ()) -> BadRubric:
    """The first fault that pydantic found, with the path that a person wrote."""
    first = error.errors(include_url=False)[0]
    found = (str(part) for part in first["loc"] if not str(part).startswith(BRANCH))
    return BadRubric((*path, *found), first["msg"])
