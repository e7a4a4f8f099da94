"""How component scores become one reward; presets are the TOML files of `app/rubrics/`."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt
from typing import Any, NamedTuple

from pydantic import ValidationError

from app.rewards import registry
from app.rewards.base import Reward
from app.schemas import OnAbstain, RubricSpec
from app.status import Status

PASS_COMPONENT = "accuracy"
"""The component that a group's pass rate counts."""
_EQUAL_REWARDS = 1e-9
"""Rewards are sums of a few floats: closer than this is equal."""


class BadRubric(ValueError):
    """A rubric that names what does not exist. `path` leads to the field at fault, from the rubric's root."""

    def __init__(self, path: tuple[str, ...], detail: str) -> None:
        super().__init__(f"{'.'.join(path) or 'rubric'}: {detail}")
        self.path = path
        self.detail = detail


class BoundComponent(NamedTuple):
    """A component whose reward is found and whose parameters are checked."""

    name: str
    reward: Reward[Any]
    params: dict[str, Any]
    weight: float


class Outcome(NamedTuple):
    """An item's reward, or the component's index that made it abstain."""

    reward: float | None
    abstained: int | None


@dataclass(frozen=True, slots=True)
class Rubric:
    """A rubric ready to score with."""

    name: str
    components: tuple[BoundComponent, ...]
    on_abstain: OnAbstain

    def combine(self, scores: Sequence[float | None], on_abstain: OnAbstain | None = None) -> Outcome:
        """The weighted sum of the component scores.

        A component of weight 0 is reported but never makes the reward abstain.
        """
        policy = self.on_abstain if on_abstain is None else on_abstain
        total = 0.0
        abstained: int | None = None
        for index, (component, score) in enumerate(zip(self.components, scores, strict=True)):
            if component.weight == 0.0:
                continue
            if score is None:
                abstained = index if abstained is None else abstained
                score = policy if isinstance(policy, float | int) else 0.0
            total += component.weight * score
        if abstained is not None and policy == "null":
            return Outcome(None, abstained)
        return Outcome(total, abstained)

    @property
    def pass_index(self) -> int | None:
        """Index of the component that the pass rate counts."""
        return next((i for i, c in enumerate(self.components) if c.name == PASS_COMPONENT), None)


def bind(spec: RubricSpec) -> Rubric:
    """Find the rewards of a rubric and check their parameters. Raises BadRubric."""
    bound: list[BoundComponent] = []
    for name, component in spec.components.items():
        path = ("components", name)
        try:
            reward = registry.get(component.reward)
        except registry.UnknownReward as error:
            raise BadRubric((*path, "reward"), str(error)) from None
        try:
            params = reward.params.model_validate(component.params)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise BadRubric((*path, "params", *map(str, first["loc"])), first["msg"]) from None
        bound.append(BoundComponent(name, reward, params.model_dump(mode="json"), component.weight))
    return Rubric(spec.name, tuple(bound), spec.on_abstain)


@cache
def presets() -> dict[str, RubricSpec]:
    """The rubrics that ship with the service, by name."""
    found: dict[str, RubricSpec] = {}
    for file in files("app").joinpath("rubrics").iterdir():
        name, dot, suffix = file.name.rpartition(".")
        if dot and suffix == "toml":
            found[name] = RubricSpec.model_validate({"name": name, **tomllib.loads(file.read_text("utf-8"))})
    return dict(sorted(found.items()))


@cache
def _bound_preset(name: str) -> Rubric:
    spec = presets().get(name)
    if spec is None:
        raise BadRubric((), f"unknown rubric '{name}'; there are: {', '.join(presets())}")
    return bind(spec)


def resolve(rubric: str | RubricSpec) -> Rubric:
    """A preset by name, or an inline rubric. Raises BadRubric."""
    return _bound_preset(rubric) if isinstance(rubric, str) else bind(rubric)


class GroupStats(NamedTuple):
    """Statistics over the rewards of one group; abstentions are counted in `size` alone."""

    size: int
    scored: int
    mean: float | None
    std: float | None
    pass_rate: float | None
    zero_variance: bool


def group_stats(rewards: Sequence[float | None], passes: Sequence[float | None]) -> GroupStats:
    """Mean and population standard deviation of a group's rewards, and the share of passes among scored ones.

    `passes` are the accuracy scores of the same items, None where abstained; empty without such a component.
    """
    scored = [r for r in rewards if r is not None]
    judged = [p for p in passes if p is not None]
    pass_rate = sum(p >= 1.0 for p in judged) / len(judged) if judged else None
    if not scored:
        return GroupStats(len(rewards), 0, None, None, pass_rate, False)
    mean = sum(scored) / len(scored)
    std = sqrt(sum((r - mean) ** 2 for r in scored) / len(scored))
    flat = max(scored) - min(scored) <= _EQUAL_REWARDS
    return GroupStats(len(rewards), len(scored), mean, 0.0 if flat else std, pass_rate, flat)


ABSTAIN_DETAIL: dict[Status, str] = {
    Status.BAD_REFERENCE: "the reference can't be used",
    Status.UNDECIDED: "neither equality nor difference could be shown",
    Status.TIMEOUT: "not scored in time",
    Status.SANDBOX_UNAVAILABLE: "no sandbox works on the worker",
    Status.JUDGE_UNREADABLE: "the judge's reply is no verdict",
    Status.ERROR: "the reward failed",
}
"""What an item's error says where the component gave no detail of its own."""
