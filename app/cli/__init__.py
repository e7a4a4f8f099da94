"""The `assay` command. One file a command; each is named here once."""

import typer

from app.cli.math import math

app = typer.Typer(
    help="Score completions of language models with rewards that a program can check.", no_args_is_help=True
)
app.command("math")(math)


@app.callback()
def root() -> None:
    """Score completions of language models with rewards that a program can check."""


def main() -> None:
    app()
