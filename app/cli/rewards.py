"""`assay rewards list|show|docs|test`: what there is to score with, and a trial of a reward of one's own."""

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from app.rewards import catalogue, plugins, registry
from app.rewards.base import Component, GroupReward, Reward, Sample

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
    """Score a file's first rows with each reward of a plugin, here and now, and check what comes back."""
    try:
        rewards = plugins.rewards_of(plugins.load_file(plugin))
        rows = _rows(data)
        given = json.loads(params)
    except (plugins.PluginError, OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
    items = [reward for reward in rewards if isinstance(reward, Reward)]
    if not items:
        raise typer.BadParameter(f"{plugin} has no reward of single items")
    failed = False
    for reward in rewards:
        if isinstance(reward, GroupReward):
            typer.echo(f"{reward.name}: a group reward; try it in a rubric")
    for reward in items:
        failed |= not _try(reward, rows, given)
    if failed:
        raise typer.Exit(1)


def _rows(data: Path) -> list[dict[str, Any]]:
    with data.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in islice((line for line in lines if line.strip()), _TRIAL_ROWS)]


def _try(reward: Reward[Any], rows: list[dict[str, Any]], given: Any) -> bool:
    """Whether the reward is as a reward should be on these rows; prints each score."""
    try:
        params = reward.params.model_validate(given)
    except ValidationError as error:
        raise typer.BadParameter(str(error)) from None
    good = True
    for number, row in enumerate(rows):
        problem, component = _once(reward, _sample(row), params)
        name = row.get("id", number)
        if component is not None:
            typer.echo(f"{reward.name} {name}: {component.score} {component.status} {dict(component.evidence)}")
        if problem:
            good = False
            typer.echo(f"{reward.name} {name}: {problem}", err=True)
    return good


def _sample(row: dict[str, Any]) -> Sample:
    reference: dict[str, Any] = row.get("reference") or {"kind": "none"}
    return Sample(row["completion"], row.get("prompt", ""), reference, row.get("language"), row.get("meta") or {})


def _once(reward: Reward[Any], sample: Sample, params: Any) -> tuple[str | None, Component | None]:
    try:
        component = reward.score(sample, params)
        again = reward.score(sample, params)
    except Exception as error:  # noqa: BLE001 - the edge of somebody else's code: any fault of it is shown
        return f"raised {type(error).__name__}: {error}", None
    low, high = reward.bounds
    if component.score is not None and not low <= component.score <= high:
        return f"{component.score} is out of the reward's bounds {reward.bounds}", component
    if (component.score, component.status) != (again.score, again.status):
        return f"scored again it is {again.score}: a reward should not change its mind", component
    try:
        json.dumps(dict(component.evidence), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"its evidence is no JSON: {error}", component
    return None, component
