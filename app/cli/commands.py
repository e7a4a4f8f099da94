"""The commands and groups of commands. One file a command; each is named here once.

Only the command that is asked for is imported: together they take a second.
"""

import pkgutil
from collections.abc import Iterable

import typer

COMMANDS = {
    "serve": "serve:serve",
    "api": "serve:api",
    "worker": "serve:worker",
    "score": "score:score",
    "rescore": "rescore:rescore",
    "diff": "diff:diff",
    "coldstart": "coldstart:coldstart",
    "sample": "sample:sample",
    "eval": "evaluate:eval_",
    "demo": "demo:demo",
    "capacity": "capacity:capacity",
    "doctor": "doctor:doctor",
    "code": "code:code",
    "run": "code:run",
    "math": "math:math",
}
GROUPS = {"dlq": "dlq:app", "keys": "keys:app", "rewards": "rewards:app", "rubrics": "rubrics:app"}


def _assay() -> None:
    """Score completions of language models with rewards that a program can check."""


def build(names: Iterable[str]) -> typer.Typer:
    """The command line with some of its commands."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_assay)
    for name in names:
        if name in COMMANDS:
            app.command(name)(pkgutil.resolve_name(f"{__package__}.{COMMANDS[name]}"))
        else:
            app.add_typer(pkgutil.resolve_name(f"{__package__}.{GROUPS[name]}"), name=name)
    return app
