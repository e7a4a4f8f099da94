"""`assay score`: a file of rollouts in, rewards out, with a summary for a person."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import typer
from assay_client import AssayError, Result, Scored
from rich.table import Table

from app.cli.batches import read_items, score_all, service
from app.cli.console import err, fail, out
from app.cli.rubric_file import load_rubric
from app.rubric import PASS_COMPONENT, group_stats
from app.supervisor.errors import NoRedis, StartFailed

_DEADLINE_MS = 600_000
"""Of a batch; a file is offline work, nobody's GPUs wait."""
_DISAGREEMENTS_SHOWN = 10


def score(
    file: Annotated[Path, typer.Argument(help="JSONL, one item of /v1/score a line.")],
    rubric: Annotated[str, typer.Option(help="Name of a rubric, or a TOML, YAML or JSON file with one.")] = "r1",
    out_file: Annotated[Path | None, typer.Option("--out", help="Write results here, JSONL, one a line.")] = None,
    url: Annotated[str | None, typer.Option(help="A running service; without it one is started for the call.")] = None,
    label: Annotated[
        str | None, typer.Option(help="Boolean in `meta` to compare accuracy with; found by itself if unset.")
    ] = "labelled_correct",
) -> None:
    """Score a file of rollouts and show count, mean, components, abstentions and pass rate."""
    items = read_items(file)
    try:
        scored = asyncio.run(_score(items, load_rubric(rubric), url))
    except (AssayError, StartFailed, NoRedis) as error:
        fail(str(error))
    results = [result for batch in scored for result in batch.results]
    if out_file is not None:
        out_file.write_text("".join(f"{line}\n" for line in _rows(results)), "utf-8")
        err.print(f"wrote {len(results)} results to {out_file}", highlight=False)
    out.print(summary(items, results))
    if label is not None:
        _compare(items, results, label)


async def _score(items: list[dict[str, Any]], rubric: str | Mapping[str, Any], url: str | None) -> list[Scored]:
    async with service(url) as base:
        return await score_all(items, rubric, base, _DEADLINE_MS)


def summary(items: list[dict[str, Any]], results: list[Result]) -> Table:
    """Reward and components: how many, how high, how many abstained and why."""
    table = Table(title=f"{len(results)} completions")
    for column in ("", "scored", "mean", "min", "max", "abstained"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("[bold]reward[/]", *_numbers([r.reward for r in results]))
    for name in results[0].components if results else ():
        table.add_row(name, *_numbers([r.components[name].score for r in results]))
    statuses: dict[str, int] = {}
    for result in results:
        for component in result.components.values():
            if component.status != "ok":
                statuses[component.status] = statuses.get(component.status, 0) + 1
    caption = [f"{name} {count}" for name, count in sorted(statuses.items())]
    groups: dict[str, list[Result]] = {}
    for item, result in zip(items, results, strict=True):
        if item.get("group"):
            groups.setdefault(item["group"], []).append(result)
    if groups and results and PASS_COMPONENT in results[0].components:
        rates = [
            group_stats([r.reward for r in g], [r.components[PASS_COMPONENT].score for r in g]) for g in groups.values()
        ]
        passes = [stats.pass_rate for stats in rates if stats.pass_rate is not None]
        flat = sum(stats.zero_variance for stats in rates)
        mean = f"{fmean(passes):.3f}" if passes else "–"
        caption.append(f"{len(groups)} groups, pass rate {mean}, {flat} with zero variance")
    table.caption = "\n".join(caption)
    return table


def _numbers(scores: list[float | None]) -> list[str]:
    known = [score for score in scores if score is not None]
    abstained = str(len(scores) - len(known))
    if not known:
        return ["0", "–", "–", "–", abstained]
    return [str(len(known)), f"{fmean(known):.4f}", f"{min(known):g}", f"{max(known):g}", abstained]


def _compare(items: list[dict[str, Any]], results: list[Result], label: str) -> None:
    """Agreement of accuracy with labels that came with the data."""
    rows = [
        (item, result.components[PASS_COMPONENT], bool(item["meta"][label]))
        for item, result in zip(items, results, strict=True)
        if label in item.get("meta", {}) and PASS_COMPONENT in result.components
    ]
    if not rows:
        return
    differing = [row for row in rows if row[1].score is None or (row[1].score >= 1.0) != row[2]]
    agreement = 1 - len(differing) / len(rows)
    out.print(f"agrees with meta.{label} on {len(rows) - len(differing)} of {len(rows)}: {agreement:.2%}")
    if not differing:
        return
    table = Table(
        title=f"the first {_DISAGREEMENTS_SHOWN} that differ" if len(differing) > _DISAGREEMENTS_SHOWN else ""
    )
    for column in ("id", "label", "accuracy", "reference", "evidence"):
        table.add_column(column, overflow="fold")
    for item, component, labelled in differing[:_DISAGREEMENTS_SHOWN]:
        answer = item.get("reference", {}).get("answer", "")
        evidence = json.dumps(component.evidence, ensure_ascii=False)
        table.add_row(
            str(item.get("id", "")), str(labelled), f"{component.score} {component.status}", str(answer), evidence
        )
    out.print(table)


def _rows(results: list[Result]) -> Iterator[str]:
    for result in results:
        yield json.dumps(asdict(result), ensure_ascii=False)
