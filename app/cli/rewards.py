"""`assay rewards list|show|docs|test`: what there is to score with, and a trial of a reward of one's own."""

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.rewards import catalogue, plugins, registry, trial

app = typer.Typer(help="Rewards that are installed.", no_args_is_help=True)
_TRIAL_ROWS = 1000
"""A trial looks at the first rows of a file; `assay score` does whole files."""


@app.command("list")
def list_rewards() -> None:
    """All rewards with what they are."""
    table = Table("name", "lane", "range", "what it is")
    for entry in registry.describe():
        low, high = ("-" if bound is None else f"{bound:g}" for bound in entry["range"])
        table.add_row(entry["name"], entry["lane"], f"{low} … {high}", entry["summary"])
    Console().print(table)


@app.command()
def show(name: str) -> None:
    """One reward with its parameters, as JSON."""
    try:
        found = registry.find(name)
    except registry.UnknownReward as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(json.dumps(registry.describe_one(found), indent=2, ensure_ascii=False))


@app.command()
def docs() -> None:
    """The page docs/rewards.md, to the standard output."""
    typer.echo(catalogue.page(), nl=False)


@app.command()
def test(
    plugin: Annotated[Path, typer.Argument(help="A .py file with a reward.")],
    data: Annotated[Path, typer.Argument(help="JSON lines, each an item of /v1/score.")],
    params: Annotated[str, typer.Option(help="Parameters, as JSON.")] = "{}",
) -> None:
    """Score a file's first rows with each reward of a plugin, and its groups, within limits; check what comes back.

    As in the service the rewards run in processes of their own: one that loops, crashes or eats memory is told of.
    """
    failed = False
    try:
        given = json.loads(params)
        for found in trial.trial(plugin, _rows(data), given):
            name = f"{found.reward} {found.row}"
            if (one := found.component) is not None:
                typer.echo(f"{name}: {one.score} {one.status} {dict(one.evidence)}")
            if found.problem:
                failed = True
                typer.echo(f"{name}: {found.problem}", err=True)
    except (plugins.PluginError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    if failed:
        raise typer.Exit(1)


def _rows(data: Path) -> list[dict[str, Any]]:
    with data.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in islice((line for line in lines if line.strip()), _TRIAL_ROWS)]
