"""`assay rubrics list|show|check`: the rubrics that there are, and whether a file is one."""

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from app.rubric import BadRubric, bind, describe, load_file, presets

app = typer.Typer(help="Rubrics: presets and those of ASSAY_RUBRICS.", no_args_is_help=True)


@app.command("list")
def list_rubrics() -> None:
    """All rubrics with what they are for."""
    table = Table("name", "components", "what it is")
    try:
        found = presets()
    except BadRubric as error:
        raise typer.BadParameter(str(error)) from None
    for name, spec in found.items():
        table.add_row(name, ", ".join(spec.components), spec.description)
    Console().print(table)


@app.command()
def show(name: str) -> None:
    """One rubric with the full parameters of its components, as JSON."""
    try:
        typer.echo(json.dumps(describe(name), indent=2, ensure_ascii=False))
    except BadRubric as error:
        raise typer.BadParameter(str(error)) from None


@app.command()
def check(file: Path) -> None:
    """Whether a file is a rubric that can be used; the first fault with its path otherwise."""
    try:
        rubric = bind(load_file(file))
    except BadRubric as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{rubric.name}: {', '.join(rubric.names)}")
