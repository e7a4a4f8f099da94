"""Requests as a trainer sends them, waiting outages out; and the invariant: each item answered once, as when quiet."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx

from app.queue.codec import WorkItem
from app.rewards import registry
from app.rubric import resolve
from app.worker.scoring import sample_of
from benchmarks.completions import items as make_items

_DEADLINE_MS = 240_000
_PATIENCE_S = 300.0
_PAUSE_S = 0.3


class Shape(NamedTuple):
    """How a trainer sends its items."""

    items: int
    """In a request."""
    in_flight: int
    """Requests at once."""


BATCHES = Shape(128, 4)
SINGLES = Shape(1, 64)


@dataclass
class Outcome:
    """What came of a load."""

    items: int
    wrong: int = 0
    """Rewards that differ from the quiet ones."""
    abstained: int = 0
    refused: int = 0
    """Answers of 429 and 503, and lost connections: each was tried again."""
    seconds: float = 0.0
    slowest: float = 0.0
    """Longest request, with its repetitions."""
    errors: dict[str, int] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Every item answered exactly once, with the reward of a quiet run."""
        return not self.wrong and not self.abstained

    def add(self, other: "Outcome") -> None:
        """Sum up with another load, sent after this one."""
        self.items += other.items
        self.wrong += other.wrong
        self.abstained += other.abstained
        self.refused += other.refused
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.errors |= other.errors

    def __str__(self) -> str:
        tried = f", {self.refused} requests tried again" if self.refused else ""
        return (
            f"{self.items} items: {self.wrong} wrong, {self.abstained} abstained{tried}; "
            f"{self.seconds:.1f} s, slowest request {self.slowest:.1f} s"
        )


def workload(count: int, seed: int) -> tuple[list[dict[str, Any]], list[float]]:
    """Items of rubric r1, and their rewards as computed in this process, in peace."""
    batch = make_items(count, 600, seed)
    rubric = resolve("r1")
    bound = [(r := registry.get(c.reward.name), r.params.model_validate(c.params)) for c in rubric.components]
    rewards: list[float] = []
    for item in batch:
        sample = sample_of(WorkItem(item["completion"], item["prompt"], item["reference"], None, {}))
        outcome = rubric.combine([reward.score(sample, params).score for reward, params in bound], None)
        if outcome.reward is None:
            raise ValueError(f"the workload abstains in peace: {item['id']}")
        rewards.append(outcome.reward)
    return batch, rewards


async def run(
    urls: Sequence[str], batch: list[dict[str, Any]], rewards: list[float], seed: int = 0, shape: Shape = BATCHES
) -> Outcome:
    """Send all, some requests at once, to all nodes in turn; check every answer."""
    outcome = Outcome(len(batch))
    rng = random.Random(seed)
    gate = asyncio.Semaphore(shape.in_flight)
    started = time.monotonic()
    async with httpx.AsyncClient(timeout=_DEADLINE_MS / 1000, trust_env=False) as client:

        async def one(first: int) -> None:
            async with gate:
                begun = time.monotonic()
                items = batch[first : first + shape.items]
                results = await _answered(client, urls, items, outcome, rng)
                outcome.slowest = max(outcome.slowest, time.monotonic() - begun)
                _check(items, results, rewards[first : first + shape.items], outcome)

        await asyncio.gather(*(one(first) for first in range(0, len(batch), shape.items)))
    outcome.seconds = time.monotonic() - started
    return outcome


async def _answered(
    client: httpx.AsyncClient, urls: Sequence[str], items: list[dict[str, Any]], outcome: Outcome, rng: random.Random
) -> list[dict[str, Any]]:
    """The results of a request, sent again until it is answered. Raises TimeoutError."""
    body = {"rubric": "r1", "items": items, "options": {"deadline_ms": _DEADLINE_MS, "evidence": "none"}}
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            response = await client.post(f"{rng.choice(urls)}/v1/score", json=body)
        except httpx.TransportError:
            pass
        else:
            if response.status_code == 200:
                return response.json()["results"]
            if response.status_code not in (429, 503):
                raise RuntimeError(f"{response.status_code}: {response.text[:300]}")
        outcome.refused += 1
        await asyncio.sleep(_PAUSE_S * (0.5 + rng.random()))
    raise TimeoutError("a request was refused for minutes")


def _check(items: list[dict[str, Any]], results: list[dict[str, Any]], rewards: list[float], outcome: Outcome) -> None:
    if [result["id"] for result in results] != [item["id"] for item in items]:
        raise RuntimeError("results are not those of the items, in their order")
    for result, reward in zip(results, rewards, strict=True):
        if result["error"] is not None:
            outcome.abstained += 1
            kind = f"{result['error']['class']}: {result['error']['detail']}"
            outcome.errors[kind] = outcome.errors.get(kind, 0) + 1
        elif result["reward"] != reward:
            outcome.wrong += 1
