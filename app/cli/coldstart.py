"""`assay coldstart`: arithmetic problems, a teacher's verified replies, a data set for supervised fine-tuning."""

import os
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli import endpoints
from app.cli.console import err, fail, out
from app.cli.endpoints import API_KEY_ENV, Concurrency, EndpointUrl, KeyEnv, MaxTokens, Model, RequestTimeout, Tries
from app.cli.runs import interruptible
from app.cli.settings import load_settings
from app.offline.coldstart.expression import Operator
from app.offline.coldstart.problems import KINDS, Exhausted, Kind, Options, Problem, problems
from app.offline.coldstart.run import Count, make
from app.offline.coldstart.teacher import EndpointTeacher, Teacher, TemplateTeacher, template
from app.offline.engines.local import LocalEngine
from app.offline.sampling.endpoint import EndpointError
from app.offline.sampling.sampler import SampleFile
from app.rubric import resolve

_RUBRIC = "r1-cold-start"
_DRY_RUN = 5


def coldstart(
    out_file: Annotated[Path, typer.Option("--out", help="SFT rows, JSONL; a cut run goes on.")] = Path("cold.jsonl"),
    count: Annotated[int, typer.Option("--count", "-c", min=1, help="Problems.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the problems.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help=f"Kinds of problems: {', '.join(KINDS)}. [all]")] = None,
    operators: Annotated[str, typer.Option(help="Of kind `expression`.")] = "+-*/",
    depth: Annotated[int, typer.Option(min=1, max=6, help="Operators inside each other, at most.")] = 2,
    largest: Annotated[int, typer.Option(min=2, max=10**6, help="Largest number in a problem.")] = 99,
    negative: Annotated[bool, typer.Option(help="Negative numbers and answers.")] = True,
    endpoint: EndpointUrl = None,
    model: Model = None,
    prompt: Annotated[Path | None, typer.Option(help="The teacher's prompt, with {question} in it.")] = None,
    attempts: Annotated[int, typer.Option(min=1, help="Replies to ask for, each told what was wrong.")] = 3,
    temperature: endpoints.Temperature = 0.6,
    max_tokens: MaxTokens = None,
    concurrency: Concurrency = 16,
    key_env: KeyEnv = API_KEY_ENV,
    timeout: RequestTimeout = 300.0,
    tries: Tries = 6,
    restart: Annotated[bool, typer.Option(help="Begin anew.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Print some prompts and answers, ask nobody, write nothing.")] = False,
) -> None:
    """Make cold-start data. Without --endpoint a program writes the chains of thought: no model is needed."""
    options = _options(kind, operators, depth, largest, negative)
    try:
        asked = template(prompt)
        made = list(problems(min(count, _DRY_RUN) if dry_run else count, seed, options))
    except (OSError, ValueError, Exhausted) as error:
        fail(str(error), 2)
    if dry_run:
        for problem in made:
            out.print(asked.replace("{question}", problem.prompt), markup=False, highlight=False)
            out.print(f"# answer: {problem.answer}\n", markup=False, highlight=False)
        return
    if endpoint and not model:
        fail("--endpoint needs --model", 2)

    async def work() -> Count:
        if endpoint is None or model is None:
            return await _make(made, TemplateTeacher(), out_file, attempts, concurrency, restart)
        async with endpoints.connect(
            endpoint,
            model,
            temperature=temperature,
            top_p=0.95,
            max_tokens=max_tokens,
            seed=None,
            concurrency=concurrency,
            key_env=key_env,
            timeout=timeout,
            tries=tries,
        ) as connected:
            teacher = EndpointTeacher(connected, asked, template(None, "retry.txt"))
            return await _make(made, teacher, out_file, attempts, concurrency, restart)

    try:
        done = interruptible(work, str(out_file))
    except EndpointError as error:
        fail(f"{error}\nwhat is made is kept in {out_file}: the same command goes on from there")
    err.print(
        f"{done.kept} kept, {done.rejected} rejected ({out_file.with_suffix('.rejected.jsonl')}), "
        f"{done.retried} retries, {done.failed} without an answer",
        highlight=False,
    )
    if done.failed:
        raise typer.Exit(1)


def _options(kind: list[str] | None, operators: str, depth: int, largest: int, negative: bool) -> Options:
    kinds: tuple[Kind, ...] = tuple(k for k in KINDS if k in (kind or KINDS))
    unknown = [k for k in kind or () if k not in KINDS]
    known: tuple[Operator, ...] = get_args(Operator)
    chosen: tuple[Operator, ...] = tuple(o for o in known if o in operators)
    if unknown or not chosen or set(operators) - set(known):
        fail(f"kinds are {', '.join(KINDS)}; operators are {''.join(known)}", 2)
    return Options(kinds, chosen, depth, largest, negative)


async def _make(
    made: list[Problem], teacher: Teacher, out_file: Path, attempts: int, concurrency: int, restart: bool
) -> Count:
    rubric = resolve(_RUBRIC)
    into = SampleFile(out_file, restart=restart)
    rejects = SampleFile(out_file.with_suffix(".rejected.jsonl"), restart=restart)
    rest = len(made) - sum(p.id in into.done or p.id in rejects.done for p in made)
    columns = (TextColumn("cold start"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("", total=rest)
        async with LocalEngine(rubric, load_settings(), min(2, os.cpu_count() or 1), evidence=True) as engine:
            return await make(
                iter(made),
                teacher,
                engine,
                rubric,
                into,
                tries=attempts,
                concurrency=concurrency,
                rejects=rejects,
                progress=lambda c: progress.update(bar, completed=c.kept + c.rejected + c.failed),
            )
