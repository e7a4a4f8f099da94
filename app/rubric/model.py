"""A rubric ready to score with: components, and the arithmetic that makes one reward of their scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, Literal, NamedTuple

from app.rewards.base import GroupReward, Reward
from app.schemas import OnAbstain

PASS_COMPONENT = "accuracy"
"""The component that a group's pass rate counts."""


class BoundComponent(NamedTuple):
    """A component whose reward is found and whose parameters are checked."""

    name: str
    reward: Reward[Any]
    params: dict[str, Any]
    weight: float


class BoundGroupComponent(NamedTuple):
    """The same for a reward that needs all of a group."""

    name: str
    reward: GroupReward[Any]
    params: dict[str, Any]
    weight: float


@dataclass(frozen=True, slots=True)
class BoundGate:
    """Sets the reward where the component's score is at most or at least a bound."""

    index: int
    at_most: float | None
    at_least: float | None
    reward: float

    def holds(self, score: float) -> bool:
        return (self.at_most is None or score <= self.at_most) and (self.at_least is None or score >= self.at_least)


class Outcome(NamedTuple):
    """An item's reward, or the component's index that made it abstain."""

    reward: float | None
    abstained: int | None


@dataclass(frozen=True, eq=False)
class Rubric:
    """A rubric ready to score with; equal to itself alone.

    Scores go in the order of `names`: those of `components`, one an item, then those of `group_components`.
    """

    name: str
    components: tuple[BoundComponent, ...]
    on_abstain: OnAbstain
    group_components: tuple[BoundGroupComponent, ...] = ()
    combination: Literal["sum", "mean", "product"] = "sum"
    scale: float = 1.0
    offset: float = 0.0
    clip: tuple[float, float] | None = None
    gates: tuple[BoundGate, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in (*self.components, *self.group_components))

    @cached_property
    def _weights(self) -> tuple[tuple[int, float], ...]:
        """Position and weight of each component that counts."""
        weights = (c.weight for c in (*self.components, *self.group_components))
        return tuple((index, weight) for index, weight in enumerate(weights) if weight != 0.0)

    @cached_property
    def _itemwise(self) -> "Rubric":
        return replace(self, group_components=())

    @cached_property
    def pass_index(self) -> int | None:
        """Index of the component that the pass rate counts."""
        return next((i for i, c in enumerate(self.components) if c.name == PASS_COMPONENT), None)

    def lanes(self, kind: str) -> dict[str, tuple[int, ...]]:
        """Which components, by position, go to which lane of the queue for a kind of reference."""
        lanes: dict[str, list[int]] = {}
        for index, component in enumerate(self.components):
            lanes.setdefault(component.reward.lane(kind), []).append(index)
        return {lane: tuple(indices) for lane, indices in lanes.items()}

    @property
    def keeps_completions(self) -> bool:
        """Whether a group component reads the completions: then they must be kept until the group is complete."""
        return any(c.reward.reads_completions for c in self.group_components)

    def combine(self, scores: Sequence[float | None], on_abstain: OnAbstain | None = None) -> Outcome:
        """One reward of the component scores, all of them.

        The first gate that holds gives the reward, whatever else abstained. Otherwise
        clip(scale · combination(weight · score) + offset), where the combination is the sum, the mean (divided by the
        sum of absolute weights) or the product. A component of weight 0 is reported but never makes it abstain.
        """
        if len(scores) != len(self.names):
            raise ValueError(f"{len(scores)} scores for the {len(self.names)} components of rubric {self.name}")
        for gate in self.gates:
            score = scores[gate.index]
            if score is not None and gate.holds(score):
                return Outcome(gate.reward, None)
        policy = self.on_abstain if on_abstain is None else on_abstain
        abstained: int | None = None
        weighted: list[float] = []
        for index, weight in self._weights:
            score = scores[index]
            if score is None:
                abstained = index if abstained is None else abstained
                score = policy if isinstance(policy, float | int) else 0.0
            weighted.append(weight * score)
        if abstained is not None and policy == "null":
            return Outcome(None, abstained)
        return Outcome(self._finish(weighted), abstained)

    def combine_items(self, scores: Sequence[float | None]) -> float | None:
        """The reward without the group components: what group rewards such as advantages start from."""
        return self._itemwise.combine(scores).reward

    def _finish(self, weighted: Sequence[float]) -> float:
        if self.combination == "product":
            value = prod(weighted)
        else:
            value = 0.0
            for term in weighted:  # `sum` rounds in another way on later Pythons
                value += term
        if self.combination == "mean":
            total = sum(abs(weight) for _, weight in self._weights)
            value = value / total if total else 0.0
        value = self.scale * value + self.offset
        return min(max(value, self.clip[0]), self.clip[1]) if self.clip else value
