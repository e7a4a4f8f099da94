"""`assay demo`: a shipped batch of completions, good and bad, scored by the real service."""

import asyncio
import json
from importlib.resources import files
from typing import Annotated, Any

import typer
from assay_client import AssayError, Component, Result
from rich.markup import escape
from rich.table import Table

from app.cli.batches import FIELDS, score_all, service
from app.cli.console import fail, out
from app.cli.score import summary
from app.supervisor.errors import NoRedis, StartFailed

_DEADLINE_MS = 60_000
_WHY_CHARS = 80
_COLOURS = {0.0: "red", 1.0: "green"}


def demo(
    url: Annotated[str | None, typer.Option(help="A running service; without it one is started for the call.")] = None,
    rubric: Annotated[str, typer.Option(help="Name of a rubric.")] = "r1",
) -> None:
    """Score a shipped batch: right and wrong answers, broken tags, mixed languages, repetition, hedging, nothing."""
    items: list[dict[str, Any]] = [
        json.loads(line) for line in files("app").joinpath("data", "demo.jsonl").read_text("utf-8").splitlines()
    ]
    sent = [{name: item[name] for name in FIELDS if name in item} for item in items]
    try:
        results = asyncio.run(_score(sent, rubric, url))
    except (AssayError, StartFailed, NoRedis) as error:
        fail(str(error))
    out.print(_table(items, results))
    out.print(summary(sent, results))


async def _score(items: list[dict[str, Any]], rubric: str, url: str | None) -> list[Result]:
    async with service(url) as base:
        return [result for batch in await score_all(items, rubric, base, _DEADLINE_MS) for result in batch.results]


def _table(items: list[dict[str, Any]], results: list[Result]) -> Table:
    table = Table(title="What the service says of each completion")
    table.add_column("completion", overflow="fold", ratio=3)
    names = list(results[0].components) if results else []
    for name in ("reward", *names):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=2)
    for item, result in zip(items, results, strict=True):
        cells = [_cell(result.components[name]) for name in names]
        reward = "–" if result.reward is None else f"{result.reward:.2f}"
        table.add_row(escape(str(item["meta"]["about"])), reward, *cells, escape(_why(result)))
    return table


def _cell(component: Component) -> str:
    if component.score is None:
        return f"[yellow]{component.status}[/]"
    return f"[{_COLOURS.get(component.score, 'yellow')}]{component.score:.2f}[/]"


def _why(result: Result) -> str:
    """The evidence of whatever is not perfect."""
    parts: list[str] = []
    for name, component in result.components.items():
        if component.score == 1.0:
            continue
        evidence = component.evidence or {}
        said = next((evidence[key] for key in ("problem", "detail", "words", "extracted") if key in evidence), "")
        code = "" if component.status == "ok" else f" {component.status}"
        text = str(said)
        short = text if len(text) <= _WHY_CHARS else f"{text[:_WHY_CHARS]}…"
        parts.append(f"{name}{code}: {short}" if said else f"{name}{code}")
    return "; ".join(parts)
