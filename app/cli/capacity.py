"""`assay capacity`: cores and memory for a training run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.capacity import Costs, Demand, plan
from app.cli.console import fail, out

_REDIS_LIMIT = 0.7
"""Share of a Redis's core past which it is the limit: shard the lanes (docs/capacity.md)."""


def capacity(
    completions_per_step: Annotated[int, typer.Option(min=1, help="Completions that a step has scored.")] = 8192,
    avg_kb: Annotated[float, typer.Option(min=0.01, help="Average size of a completion, in KB.")] = 16.0,
    code_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share whose programs are run.")] = 0.0,
    within_s: Annotated[float, typer.Option(min=0.1, help="Seconds that a step may wait for its rewards.")] = 10.0,
    costs: Annotated[Path | None, typer.Option(help="Measured costs; default: those shipped.")] = None,
) -> None:
    """Reckon cores and Redis memory from measured costs."""
    try:
        measured = Costs.read(costs)
    except (OSError, ValueError, KeyError) as error:
        fail(f"{costs}: {error!r}", 2)
    found = plan(Demand(completions_per_step, avg_kb, code_share, within_s), measured)
    table = Table(
        "what", "needed", "why", title=f"{completions_per_step:,} completions of {avg_kb:g} KB in {within_s:g} s"
    )
    table.add_row("cores, lane cpu", str(found.cpu_cores), "rewards, API, workers' parents, at 70 % load")
    table.add_row("cores, lane code", str(found.code_cores), "programs in the sandbox, at 70 % load")
    table.add_row("Redis memory", f"{found.redis_mb:,.0f} MB", "the whole step queued at once")
    table.add_row("Redis, of its core", f"{found.redis_cores:.0%}", "commands and bytes")
    table.add_row("Redis network", f"{found.network_mb_s:,.0f} MB/s", "in and out")
    table.add_row("CPU of a step", f"{found.cpu_s:,.1f} s", "all processes together")
    out.print(table)
    if found.redis_cores > _REDIS_LIMIT:
        out.print("One Redis is not enough: give each shard of the trainer's nodes its own (docs/capacity.md).")
