"""Rollouts from files, scored by a service that runs or by one embedded for the call."""

import asyncio
import json
import socket
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from assay_client import AsyncClient, Scored
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.console import err, fail
from app.settings import Settings
from app.supervisor.supervisor import Supervisor

BATCH = 512
_IN_FLIGHT = 4
"""Batches at the service at once: enough that its workers never wait for the next."""
_PATIENCE_S = 10.0
"""A person waits at the other end: a URL with nothing behind it is said so soon."""
FIELDS = ("id", "group", "prompt", "completion", "reference", "language", "meta")
"""What of a row goes to the service; other columns stay in the file."""


def read_items(path: Path) -> list[dict[str, Any]]:
    """All rows of a JSONL file, as items. Exits with the line number of the first bad row."""
    if not path.exists():
        fail(f"{path}: no such file", 2)
    items: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
        except json.JSONDecodeError as error:
            fail(f"{path}:{number}: not JSON: {error}", 2)
        if not isinstance(row, dict) or "completion" not in row:
            fail(f'{path}:{number}: a row is an object with at least a "completion"', 2)
        items.append({name: row[name] for name in FIELDS if name in row})
    return items


@asynccontextmanager
async def service(url: str | None) -> AsyncGenerator[str]:
    """URL of a service: the one named, or one that runs for as long as the context, on a port and folder of its own."""
    if url is not None:
        yield url.rstrip("/")
        return
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        settings = Settings(data_dir=Path(folder), port=_free_port(), host="127.0.0.1", log_level="warning")
        supervisor = Supervisor(settings)
        err.print("starting an embedded service …", style="dim")
        async with supervisor.running():
            yield supervisor.url


async def score_all(
    items: list[dict[str, Any]], rubric: str | Mapping[str, Any], url: str, deadline_ms: int
) -> list[Scored]:
    """Score items in batches, several at once, with a progress bar. Raises ServiceError, Unreachable."""
    gate = asyncio.Semaphore(_IN_FLIGHT)
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=len(items))
        async with AsyncClient(url, patience_s=_PATIENCE_S) as client:

            async def one(batch: list[dict[str, Any]]) -> Scored:
                async with gate:
                    scored = await client.score(batch, rubric, deadline_s=deadline_ms / 1000)
                progress.advance(bar, len(batch))
                return scored

            return await asyncio.gather(*(one(batch) for batch in _batches(items)))


def _batches(items: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
