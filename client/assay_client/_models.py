"""What the service answers, as dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Component:
    """What one component of the rubric says of one item; `score` is None where it abstained."""

    score: float | None
    status: str
    evidence: dict[str, Any] | None
    elapsed_ms: float
    cached: bool


@dataclass(frozen=True)
class ItemError:
    """Why an item has no reward of its own."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Result:
    """One item's reward; None with an error where the service abstained."""

    id: str
    reward: float | None
    components: dict[str, Component]
    error: ItemError | None


@dataclass(frozen=True)
class Group:
    """Statistics over the scored items of one group."""

    group: str
    size: int
    scored: int
    mean: float | None
    std: float | None
    pass_rate: float | None
    zero_variance: bool


@dataclass(frozen=True)
class Scored:
    """A scored batch, in the order of its items."""

    rubric: str
    results: list[Result]
    groups: list[Group]
    usage: dict[str, Any]

    @property
    def rewards(self) -> list[float | None]:
        return [result.reward for result in self.results]


def scored_from(body: dict[str, Any]) -> Scored:
    """Read the body of a `/v1/score` response."""
    return Scored(
        body["rubric"],
        [_result(result) for result in body["results"]],
        [Group(**group) for group in body["groups"]],
        body["usage"],
    )


def _result(body: dict[str, Any]) -> Result:
    error = body["error"]
    return Result(
        body["id"],
        body["reward"],
        {name: Component(**component) for name, component in body["components"].items()},
        ItemError(error["class"], error["detail"]) if error else None,
    )
