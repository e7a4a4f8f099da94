"""`assay rescore`: stored rollouts of any size in, a folder of Parquet with a report out; resumes where it stopped."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app import __version__
from app.cli.batches import service
from app.cli.console import err, fail, out
from app.cli.score import load_rubric
from app.offline import layout as layouts
from app.offline.engines.base import Engine, EngineError
from app.offline.engines.local import LocalEngine
from app.offline.engines.service import ServiceEngine
from app.offline.formats import InputError, expand
from app.offline.layout import BadLayout
from app.offline.output import Output, OutputError, fingerprint
from app.offline.report import write_report
from app.offline.rescore import Rescore, Tally
from app.offline.source import Source
from app.rubric import BadRubric, Rubric, resolve
from app.schemas import RubricSpec
from app.settings import Settings
from app.supervisor.redis_server import NoRedis
from app.supervisor.supervisor import StartFailed

EngineName = Literal["local", "service", "ray"]


def rescore(
    inputs: Annotated[list[str], typer.Argument(help="Files, globs or folders: JSONL (.gz, .zst), Parquet, Arrow.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for results; a run that was cut short resumes there.")],
    rubric: Annotated[str, typer.Option(help="Name of a rubric, or a TOML, YAML or JSON file with one.")] = "r1",
    layout: Annotated[str, typer.Option(help="Layout of the rows: `auto`, a known one, or a TOML file.")] = "auto",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=PATH, on top of the layout: completion=output[0].text")
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="Where to score: processes here, a service (started, or --url), or Ray.")
    ] = "local",
    url: Annotated[str | None, typer.Option(help="A running service; its offline lane scores.")] = None,
    children: Annotated[int | None, typer.Option(min=1, help="Processes of the local engine, actors of Ray.")] = None,
    keep_text: Annotated[bool, typer.Option(help="Write prompt, completion and reference too.")] = False,
    evidence: Annotated[bool, typer.Option(help="Write each component's evidence, as JSON.")] = False,
    restart: Annotated[bool, typer.Option(help="Delete what the folder holds of an earlier run.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Rows of each file to read.")] = None,
    report: Annotated[bool, typer.Option(help="Write report.html and report.json.")] = True,
) -> None:
    """Re-score stored rollouts: one row out for each completion in, in order, resumable, with a report."""
    bound, spec = bind(rubric)
    try:
        source = Source(expand(inputs), layouts.find(layout, mapping or []), limit)
        name = source.settle().name
        asked = {
            "rubric": spec.model_dump(mode="json"),
            "layout": name,
            "map": mapping or [],
            "inputs": [fingerprint(f) for f in source.files],
            "text": keep_text,
            "evidence": evidence,
            "limit": limit,
        }
        output = Output(out_dir, asked, restart=restart)
    except (InputError, BadLayout, OutputError) as error:
        fail(str(error), 2)
    if output.resumed:
        err.print(f"resuming {out_dir} after {len(output.parts)} parts", highlight=False)
    wanted = "service" if url and engine == "local" else engine
    began = time.monotonic()
    try:
        tally = asyncio.run(_run(source, bound, spec, output, wanted, url, children, keep_text, evidence))
    except (EngineError, StartFailed, NoRedis) as error:
        fail(f"{error}\nwhat is scored is kept: the same command goes on from there")
    except (KeyboardInterrupt, asyncio.CancelledError):
        err.print(f"stopped; what is scored is kept in {out_dir}: the same command goes on from there")
        raise typer.Exit(130) from None
    seconds = time.monotonic() - began
    output.finish({"assay": __version__, "versions": _versions(bound), **asked, "engine": wanted})
    output.close()
    rate = tally.rows / seconds if seconds else 0.0
    err.print(f"{tally.rows} completions in {seconds:.1f} s, {rate:,.0f}/s; {tally.bad} bad rows", highlight=False)
    if report:
        out.print(write_report(out_dir))


def bind(rubric: str) -> tuple[Rubric, RubricSpec]:
    """A rubric by name or file, ready and as data."""
    named = load_rubric(rubric)
    try:
        bound = resolve(named if isinstance(named, str) else RubricSpec.model_validate(named))
    except BadRubric as error:
        fail(f"rubric {rubric}: {error}", 2)
    return bound, spec_of(named)


def spec_of(named: str | Any) -> RubricSpec:
    from app.rubric import presets

    return presets()[named] if isinstance(named, str) else RubricSpec.model_validate(named)


def _versions(rubric: Rubric) -> dict[str, int]:
    return {c.reward.name: c.reward.version for c in (*rubric.components, *rubric.group_components)}


async def _run(
    source: Source,
    rubric: Rubric,
    spec: RubricSpec,
    output: Output,
    engine_name: str,
    url: str | None,
    children: int | None,
    text: bool,
    evidence: bool,
) -> Tally:
    me = asyncio.current_task()
    if me is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    columns = (
        TextColumn("scoring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}/s, {task.fields[abstained]} abstained, {task.fields[bad]} bad"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=None, rate="–", abstained=0, bad=0)
        began = time.monotonic()

        def show(tally: Tally) -> None:
            rate = f"{tally.rows / max(time.monotonic() - began, 1e-9):,.0f}"
            progress.update(bar, completed=tally.rows, rate=rate, abstained=tally.abstained, bad=tally.bad)

        run = Rescore(source, rubric, output, text=text, evidence=evidence, progress=show)
        async with _engine(engine_name, rubric, spec, url, children, evidence) as engine:
            return await run.run(engine)


@asynccontextmanager
async def _engine(
    name: str, rubric: Rubric, spec: RubricSpec, url: str | None, children: int | None, evidence: bool
) -> AsyncGenerator[Engine]:
    evidence = evidence or bool(rubric.group_components)
    count = children or os.cpu_count() or 1
    if name == "local":
        async with LocalEngine(rubric, Settings(), count, evidence=evidence) as engine:
            yield engine
    elif name == "ray":
        from app.offline.engines.ray import RayEngine

        async with RayEngine(spec, count, evidence=evidence) as engine:
            yield engine
    else:
        itemwise = spec.model_copy(
            update={
                "components": {n: c for n, c in spec.components.items() if n in {b.name for b in rubric.components}}
            }
        )
        async with (
            service(url) as base,
            ServiceEngine(rubric, itemwise.model_dump(mode="json"), base, evidence=evidence) as engine,
        ):
            yield engine
