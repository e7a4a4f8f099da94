"""The `assay` command. One file a command; each is named here once.

Only the command that is asked for is imported: together they take a second.
"""

import atexit
import gc
import pkgutil
import sys
from collections.abc import Iterable

import typer

_COMMANDS = {
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
_GROUPS = {"dlq": "dlq:app", "keys": "keys:app", "rewards": "rewards:app", "rubrics": "rubrics:app"}


def _assay() -> None:
    """Score completions of language models with rewards that a program can check."""


def build(names: Iterable[str]) -> typer.Typer:
    """The command line with some of its commands."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_assay)
    for name in names:
        if name in _COMMANDS:
            app.command(name)(pkgutil.resolve_name(f"{__name__}.{_COMMANDS[name]}"))
        else:
            app.add_typer(pkgutil.resolve_name(f"{__name__}.{_GROUPS[name]}"), name=name)
    return app


def main() -> None:
    known = (*_COMMANDS, *_GROUPS)
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        command = build([asked] if asked in known else known)
    except KeyboardInterrupt:  # while it is imported; a command that runs sees to it itself
        sys.exit(130)
    atexit.register(gc.freeze)  # else all that was imported is looked through for garbage, for a fifth of a second
    command()
