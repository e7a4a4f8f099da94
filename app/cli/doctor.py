"""`assay doctor`: what this machine has and lacks."""

import os
import platform
import sys
from collections.abc import Iterator
from typing import NamedTuple

import typer
from rich.table import Table

import sandbox
from app import __version__
from app.cli.console import out
from app.rewards import registry
from app.supervisor.errors import NoRedis
from app.supervisor.redis_server import find_binary
from sandbox import languages


class Finding(NamedTuple):
    """One line of the report. `ok` is None where it is only information."""

    what: str
    ok: bool | None
    detail: str
    needed: bool = False


def findings() -> Iterator[Finding]:
    """Look at everything that the service can use."""
    yield Finding("assay", None, __version__)
    yield Finding("python", sys.version_info >= (3, 11), platform.python_version(), needed=True)
    yield Finding("cores", None, str(os.cpu_count()))
    url = os.environ.get("ASSAY_REDIS_URL") or os.environ.get("REDIS_URL")
    if url:
        yield Finding("queue server", None, f"REDIS_URL={url}")
    else:
        try:
            binary = find_binary()
            yield Finding("queue server", True, f"{binary.path} {binary.version}", needed=True)
        except NoRedis as error:
            yield Finding("queue server", False, str(error), needed=True)
    for row in sandbox.doctor():
        yield Finding(f"sandbox {row.backend}", row.available, row.detail)
    yield Finding("languages", None, _languages())
    yield Finding("rewards", True, ", ".join(registry.names()))


def _languages() -> str:
    """Those that work here, then those that lack something."""
    found = languages.available()
    lacking = [f"no {name} (needs {tool})" for name, tool in found.items() if tool is not None]
    return "; ".join([", ".join(name for name, tool in found.items() if tool is None), *lacking])


def doctor() -> None:
    """Say what this machine has and lacks; exits with 1 if something needed is missing."""
    table = Table(title="assay doctor", show_header=False)
    missing = False
    for finding in findings():
        mark = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[finding.ok]
        table.add_row(finding.what, mark, finding.detail)
        missing |= finding.needed and finding.ok is False
    out.print(table)
    if missing:
        raise typer.Exit(1)
