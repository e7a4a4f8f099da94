"""How many cores and how much Redis memory a training run needs, reckoned from measured costs."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from math import ceil
from pathlib import Path

_UTILISATION = 0.7
"""Share of a core that is planned with: above it waits grow faster than load."""
_ITEMS_PER_BATCH = 32
_COMMANDS_PER_BATCH = 8
"""XADD, XREADGROUP, the script's XACK, XDEL, XADD and EXPIRE, XREAD, XTRIM."""
_RESULT_KB = 0.4
"""One item's scores in the reply stream."""
_BASE_MB = 64.0


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of an item: `ms_per_item + ms_per_kb * kb`."""

    ms_per_item: float
    ms_per_kb: float

    def of(self, kb: float) -> float:
        return self.ms_per_item + self.ms_per_kb * kb


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured; see app/data/costs.toml for the commands."""

    math: Cost
    plumbing: Cost
    code: Cost
    ms_per_command: float
    redis_ms_per_kb: float
    overhead: float

    @classmethod
    def read(cls, path: Path | None = None) -> "Costs":
        """From a file of the shape of app/data/costs.toml, or that one. Raises OSError, ValueError, KeyError."""
        text = (resources.files("app.data") / "costs.toml").read_text("utf-8") if path is None else path.read_text()
        found = tomllib.loads(text)
        kinds = {
            name: Cost(found[name]["ms_per_item"], found[name]["ms_per_kb"]) for name in ("math", "plumbing", "code")
        }
        redis = found["redis"]
        return cls(**kinds, ms_per_command=redis["ms_per_command"], redis_ms_per_kb=redis["ms_per_kb"],
                   overhead=redis["overhead"])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demand:
    """One step of a trainer."""

    completions: int
    avg_kb: float
    code_share: float
    """Of the completions, those whose programs are run."""
    within_s: float
    """Time that the step may wait for its rewards."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes."""

    cpu_s: float
    """CPU seconds of a step, all processes."""
    cpu_cores: int
    """For the lane `cpu`, with API and workers."""
    code_cores: int
    redis_cores: float
    """Of the one core that a Redis has."""
    redis_mb: float
    network_mb_s: float
    """Into Redis and out of it again."""


def plan(demand: Demand, costs: Costs) -> Plan:
    """Cores and memory with which a step's rewards are there in time, with some to spare."""
    plain = demand.completions * (1 - demand.code_share)
    coded = demand.completions * demand.code_share
    cheap_s = (plain * costs.math.of(demand.avg_kb) + demand.completions * costs.plumbing.of(demand.avg_kb)) / 1000
    code_s = coded * costs.code.of(demand.avg_kb) / 1000
    kb = demand.completions * (demand.avg_kb + _RESULT_KB)
    batches = plain / _ITEMS_PER_BATCH + coded
    redis_s = (batches * _COMMANDS_PER_BATCH * costs.ms_per_command + kb * costs.redis_ms_per_kb) / 1000
    room = demand.within_s * _UTILISATION
    return Plan(
        cpu_s=cheap_s + code_s,
        cpu_cores=max(1, ceil(cheap_s / room)),
        code_cores=ceil(code_s / room),
        redis_cores=redis_s / demand.within_s,
        redis_mb=_BASE_MB + kb / 1024 * costs.overhead,
        network_mb_s=2 * kb / 1024 / demand.within_s,
    )
