"""The `assay` command. One file a command; each is named here once."""

import typer

from app.cli import code

app = typer.Typer(
    help="Score completions of language models with rewards that a program can check.", no_args_is_help=True
)
app.command()(code.code)
app.command()(code.run)


def main() -> None:
    app()
