"""The `assay` command. One file a command; each is named here once."""

import typer

app = typer.Typer(
    help="Score completions of language models with rewards that a program can check.", no_args_is_help=True
)


def main() -> None:
    from app.cli import code  # noqa: F401  registers its commands

    app()
