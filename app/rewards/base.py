"""The one shape of all rewards: `score(sample, params) -> Component`.

A reward is a function in a file of its own, decorated with `@reward`, and one line under the entry-point group
`assay.rewards`. It is pure where it can be: the same sample and parameters give the same component.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec import field as struct_field
from pydantic import BaseModel, ConfigDict

from app.completion import Sections, sections
from app.status import Status

CPU_LANE = "cpu"
CODE_LANE = "code"
JUDGE_LANE = "judge"
LANES = (CPU_LANE, CODE_LANE, JUDGE_LANE)


class Sample(Struct, frozen=True, dict=True):
    """One completion with all that a reward may look at."""

    completion: str
    prompt: str = ""
    reference: Mapping[str, Any] = struct_field(default_factory=lambda: {"kind": "none"})
    """As on the wire: `kind` and that kind's fields."""
    language: str | None = None
    """ISO 639-1 code of the language that the completion should be in."""
    meta: Mapping[str, Any] = struct_field(default_factory=dict[str, Any])

    @cached_property
    def sections(self) -> Sections:
        return sections(self.completion)


class Component(Struct, frozen=True):
    """What one reward says of one sample.

    `score` is None exactly if the status abstains; `evidence` is small, JSON-ready, and explains the score to a person.
    """

    score: float | None
    status: Status = Status.OK
    evidence: Mapping[str, Any] = struct_field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if (self.score is None) != self.status.abstains:
            raise ValueError(f"status {self.status} with score {self.score}: only an abstention has no score")


def abstain(status: Status, detail: str, **evidence: Any) -> Component:
    """A component without a score: our fault or the data's."""
    return Component(None, status, {"detail": detail, **evidence})


class Params(BaseModel):
    """Base of the parameters of a reward: immutable, unknown names refused.

    What stands under a field as its docstring is its description: `descriptions` reads it there, since
    pydantic's `use_attribute_docstrings` would read the source in each process that only scores.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reward may use for one item (a group's reward: for one group); None: as much as any reward."""

    cpu_s: float | None = None
    wall_s: float | None = None
    memory_mb: int | None = None
    """Beyond what its process has when the reward begins; past it the reward meets a MemoryError."""


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Reward(Generic[P]):
    """A registered reward."""

    name: str
    version: int
    """Goes up when the same input may get another score: cached results of older versions are not used."""
    params: type[P]
    score: Callable[[Sample, P], Component]
    lane: Callable[[str], str]
    """Kind of the reference -> lane of the queue that the work goes to."""
    bounds: tuple[float, float] = (0.0, 1.0)
    """Least and largest score with the default parameters."""
    limits: Limits = NO_LIMITS

    @property
    def doc(self) -> str:
        return self.score.__doc__ or ""


def _always(lane: str) -> Callable[[str], str]:
    return lambda _kind: lane


def reward(
    name: str,
    *,
    version: int,
    params: type[P],
    lane: Callable[[str], str] | str = CPU_LANE,
    bounds: tuple[float, float] = (0.0, 1.0),
    limits: Limits = NO_LIMITS,
) -> Callable[[Callable[[Sample, P], Component]], Reward[P]]:
    """Make a reward of a function `(sample, params) -> Component`."""

    def decorate(score: Callable[[Sample, P], Component]) -> Reward[P]:
        return Reward(name, version, params, score, _always(lane) if isinstance(lane, str) else lane, bounds, limits)

    return decorate


@dataclass(frozen=True, slots=True)
class Member:
    """One completion of a group, with what the rewards of single items say of it."""

    sample: Sample
    components: Mapping[str, Component]
    """By their names in the rubric."""
    reward: float | None
    """The rubric's reward without its group components; None where it abstained."""


@dataclass(frozen=True, slots=True)
class GroupReward(Generic[P]):
    """A registered reward that needs all completions of a prompt: one component a member, in their order."""

    name: str
    version: int
    params: type[P]
    score_group: Callable[[Sequence[Member], P], list[Component]]
    bounds: tuple[float, float] = (0.0, 1.0)
    reads_completions: bool = False
    """Whether it needs the texts, or only the members' components."""
    limits: Limits = NO_LIMITS

    @property
    def doc(self) -> str:
        return self.score_group.__doc__ or ""


def group_reward(
    name: str,
    *,
    version: int,
    params: type[P],
    bounds: tuple[float, float] = (0.0, 1.0),
    reads_completions: bool = False,
    limits: Limits = NO_LIMITS,
) -> Callable[[Callable[[Sequence[Member], P], list[Component]]], GroupReward[P]]:
    """Make a group reward of a function `(members, params) -> [Component]`."""
    return lambda score_group: GroupReward(name, version, params, score_group, bounds, reads_completions, limits)
