"""A scored run in a folder, as `rescore`, `sample` and `eval` make it: progress, interruption, manifest."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app import __version__
from app.cli.console import err, fail
from app.cli.rubric_file import load_rubric
from app.cli.settings import load_settings
from app.offline import layout as layouts
from app.offline.engines.base import Engine, EngineError
from app.offline.engines.local import LocalEngine
from app.offline.extras import InputError
from app.offline.formats import estimate, expand
from app.offline.layout import BadLayout
from app.offline.output import Output, OutputError, fingerprint
from app.offline.rescore import Rescore, Tally
from app.offline.source import Source
from app.rubric import BadRubric, Rubric, presets, resolve
from app.schemas import RubricSpec
from app.settings import Settings
from app.supervisor.errors import NoRedis, StartFailed

T = TypeVar("T")


class Job(NamedTuple):
    """What to score, how, and where to."""

    inputs: list[str]
    out_dir: Path
    rubric: str
    layout: str = layouts.AUTO
    mapping: tuple[str, ...] = ()
    engine: str = "local"
    url: str | None = None
    children: int | None = None
    text: bool = False
    evidence: bool = False
    restart: bool = False
    limit: int | None = None


def score_run(job: Job) -> None:
    """Score into the job's folder, going on where an earlier call stopped. Exits with a message on what it can't do."""
    settings = load_settings()
    spec, rubric = _bind(job.rubric)
    try:
        source = Source(expand(job.inputs), layouts.find(job.layout, job.mapping), job.limit)
        asked = {
            "rubric": spec.model_dump(mode="json"),
            "layout": source.settle().name,
            "map": list(job.mapping),
            "inputs": [fingerprint(f) for f in source.files],
            "text": job.text,
            "evidence": job.evidence,
            "limit": job.limit,
        }
        output = Output(job.out_dir, asked, restart=job.restart)
    except (InputError, BadLayout, OutputError) as error:
        fail(str(error), 2)
    if output.resumed:
        err.print(f"resuming {job.out_dir} after {len(output.parts)} parts", highlight=False)
    began = time.monotonic()
    tally = interruptible(lambda: _run(job, settings, source, rubric, spec, output), str(job.out_dir))
    seconds = time.monotonic() - began
    versions = {c.reward.name: c.reward.version for c in (*rubric.components, *rubric.group_components)}
    output.finish({"assay": __version__, "versions": versions, **asked, "engine": job.engine})
    output.close()
    rate = tally.rows / seconds if seconds else 0.0
    err.print(f"{tally.rows} completions in {seconds:.1f} s, {rate:,.0f}/s; {tally.bad} bad rows", highlight=False)


def interruptible(work: Callable[[], Coroutine[Any, Any, T]], kept: str) -> T:
    """Run to the end; on Ctrl-C, SIGTERM or an engine that gives up, say where the finished part is, and exit."""

    async def watched() -> T:
        me = asyncio.current_task()
        if me is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
        return await work()

    signal.signal(signal.SIGINT, signal.default_int_handler)
    hint = f"what is done is kept in {kept}: the same command goes on from there"
    try:
        return asyncio.run(watched())
    except (EngineError, StartFailed, NoRedis, OSError) as error:  # OSError: the disk is full, say
        fail(f"{error}\n{hint}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        err.print(f"stopped; {hint}", highlight=False)
        raise typer.Exit(130) from None


def _bind(name: str) -> tuple[RubricSpec, Rubric]:
    """A rubric by name or file, as data and ready."""
    named = load_rubric(name)
    try:
        if isinstance(named, str):
            rubric = resolve(named)
            return presets()[named], rubric
        spec = RubricSpec.model_validate(named)
        return spec, resolve(spec)
    except BadRubric as error:
        fail(f"rubric {name}: {error}", 2)


async def _run(job: Job, settings: Settings, source: Source, rubric: Rubric, spec: RubricSpec, output: Output) -> Tally:
    columns = (
        TextColumn("scoring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}/s, {task.fields[abstained]} abstained, {task.fields[bad]} bad"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    total = sum(estimate(file) for file in source.files)
    before = output.rows_written
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=total or None, completed=before, rate="–", abstained=0, bad=0)
        began = time.monotonic()

        def show(tally: Tally) -> None:
            rate = f"{tally.rows / max(time.monotonic() - began, 1e-9):,.0f}"
            progress.update(bar, completed=before + tally.rows, rate=rate, abstained=tally.abstained, bad=tally.bad)

        run = Rescore(
            source, spec, output, text=job.text, evidence=job.evidence, part_rows=settings.part_rows, progress=show
        )
        async with _engine(job, settings, rubric, spec) as engine:
            return await run.run(engine)


@asynccontextmanager
async def _engine(job: Job, settings: Settings, rubric: Rubric, spec: RubricSpec) -> AsyncGenerator[Engine]:
    evidence = job.evidence or bool(rubric.group_components)
    count = job.children or os.cpu_count() or 1
    if job.engine == "local" and job.url is None:
        async with LocalEngine(rubric, settings, count, evidence=evidence) as engine:
            yield engine
    elif job.engine == "ray":
        from app.offline.engines.ray import RayEngine

        async with RayEngine(spec, count, evidence=evidence) as engine:
            yield engine
    else:
        from app.cli.batches import service
        from app.offline.engines.service import ServiceEngine

        own = {c.name for c in rubric.components}  # group rewards are computed here, over whole groups
        itemwise = spec.model_copy(update={"components": {n: c for n, c in spec.components.items() if n in own}})
        async with (
            service(job.url) as base,
            ServiceEngine(rubric, itemwise.model_dump(mode="json"), base, evidence=evidence) as engine,
        ):
            yield engine
