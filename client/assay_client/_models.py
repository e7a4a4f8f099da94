"""What the service answers, as dataclasses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from assay_client._errors import Abstained, ProtocolError

Item = Mapping[str, Any]
"""One item of `/v1/score`: `completion`, and `id`, `group`, `prompt`, `reference`, `language`, `meta` as needed."""

Rubric = str | Mapping[str, Any]
"""The name of a rubric, or one written out."""

OnAbstain = Literal["none", "raise"] | float
"""What an item without a reward becomes: None, an error, or a value of the caller's."""


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

    @property
    def abstained(self) -> bool:
        """Whether the service could not judge the item; its reward is then None, or what `on_abstain` asked for."""
        return self.error is not None


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
        """One reward an item, None where the service abstained."""
        return [result.reward for result in self.results]

    def rewards_or(self, on_abstain: OnAbstain) -> list[float | None]:
        """One reward an item, with the caller's choice for abstentions. Raises Abstained if that is `raise`."""
        return rewards_or(self.results, on_abstain)


@dataclass(frozen=True)
class Job:
    """A job as it was when asked. `state`: `queued`, `running`, `done`, `cancelled`."""

    id: str
    state: str
    rubric: str
    items: int
    done: int
    abstained: int
    expires_at: str

    @property
    def over(self) -> bool:
        return self.state not in ("queued", "running")


def job_from(body: Any) -> Job:
    """Read a job's view. Raises ProtocolError."""
    try:
        return Job(**{field.name: body[field.name] for field in fields(Job)})
    except (KeyError, TypeError) as error:
        raise ProtocolError(f"the answer is no job: {error!r}") from error


def rewards_or(results: Sequence[Result], on_abstain: OnAbstain) -> list[float | None]:
    """Rewards of results, with the caller's choice for abstentions. Raises Abstained if that is `raise`."""
    if on_abstain == "raise":
        abstained = [result for result in results if result.reward is None]
        if abstained:
            raise Abstained(abstained)
    value = on_abstain if isinstance(on_abstain, (int, float)) else None
    return [value if result.reward is None else result.reward for result in results]


def scored_from(body: Any) -> Scored:
    """Read the body of a `/v1/score` response. Raises ProtocolError."""
    try:
        return Scored(
            body["rubric"],
            [result_from(result) for result in body["results"]],
            [Group(**group) for group in body["groups"]],
            body["usage"],
        )
    except (KeyError, TypeError) as error:
        raise ProtocolError(f"the answer is not a scored batch: {error!r}") from error


def result_from(body: Mapping[str, Any]) -> Result:
    """Read one result. Raises KeyError, TypeError."""
    error = body["error"]
    return Result(
        body["id"],
        body["reward"],
        {name: Component(**component) for name, component in body["components"].items()},
        ItemError(error["class"], error["detail"]) if error else None,
    )


def merged(parts: Sequence[tuple[Sequence[int], Scored]]) -> Scored:
    """One batch from parts of it, each with the positions of its items; no group is in two parts."""
    size = sum(len(positions) for positions, _ in parts)
    results: list[Result | None] = [None] * size
    for positions, scored in parts:
        if len(positions) != len(scored.results):
            raise ProtocolError(f"{len(positions)} items sent, {len(scored.results)} results came back")
        for position, result in zip(positions, scored.results, strict=True):
            results[position] = result
    first_of_group = {group.group: group for _, scored in parts for group in scored.groups}
    usages = [scored.usage for _, scored in parts]
    return Scored(
        parts[0][1].rubric if parts else "",
        [result for result in results if result is not None],
        list(first_of_group.values()),
        _total(usages),
    )


def _total(usages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums of counts and work; the longest of waits, since parts are scored side by side."""
    total: dict[str, Any] = {}
    for usage in usages:
        for name, value in usage.items():
            known = total.get(name, 0)
            total[name] = max(known, value) if name in ("queue_ms", "elapsed_ms") else known + value
    return total
