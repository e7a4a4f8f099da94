"""`assay eval`: how good a model behind an endpoint is at a set of questions."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli import endpoints
from app.cli.console import err, fail, out
from app.cli.endpoints import API_KEY_ENV, Concurrency, KeyEnv, MaxTokens, RequestTimeout, Seed, Tries
from app.cli.rescore import LayoutName, Mapping
from app.cli.runs import Job, score_run
from app.cli.sample import sample_questions
from app.offline.evaluate import evaluate
from app.offline.extras import InputError
from app.offline.layout import BadLayout
from app.offline.output import write_json
from app.offline.report import Run, charts, page, write_report
from app.offline.sampling.questions import read_questions


def eval_(
    questions: Annotated[list[str], typer.Argument(help="Files of questions with references, in any known layout.")],
    endpoint: Annotated[str, typer.Option(help="Base URL, OpenAI-compatible: http://localhost:11434/v1 for Ollama.")],
    model: Annotated[str, typer.Option(help="Model's name at the endpoint.")],
    n: endpoints.Samples = 8,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder for samples and report. [eval-MODEL]")] = None,
    rubric: Annotated[str, typer.Option(help="Name of a rubric with accuracy, or a file with one.")] = "r1",
    layout: LayoutName = "auto",
    mapping: Mapping = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Questions to ask.")] = None,
    temperature: endpoints.Temperature = 0.6,
    top_p: endpoints.TopP = 0.95,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    concurrency: Concurrency = 16,
    key_env: KeyEnv = API_KEY_ENV,
    timeout: RequestTimeout = 600.0,
    tries: Tries = 6,
    system: Annotated[str | None, typer.Option(help="System message.")] = None,
    template: Annotated[str | None, typer.Option(help="User message, with {question} in it.")] = None,
    restart: Annotated[bool, typer.Option(help="Begin anew.")] = False,
) -> None:
    """Sample, score, and report pass@1 and pass@k with 95 % intervals."""
    folder = out_dir or Path("eval-" + "".join(c if c.isalnum() or c in "-._" else "-" for c in model))
    try:
        found = read_questions(questions, layout, list(mapping or []), limit)
    except (InputError, BadLayout) as error:
        fail(str(error), 2)
    if template is not None and "{question}" not in template:
        fail("--template: has no {question}", 2)
    connected = endpoints.connect(
        endpoint,
        model,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        seed=seed,
        concurrency=concurrency,
        key_env=key_env,
        timeout=timeout,
        tries=tries,
    )
    samples = folder / "samples.jsonl"
    sample_questions(connected, found, n, samples, concurrency, system=system, restart=restart, template=template)
    score_run(Job([str(samples)], folder / "scored", rubric, "assay", restart=True))
    write_report(folder / "scored")
    _report(folder, model)


def _report(folder: Path, model: str) -> None:
    result = evaluate(Run(folder / "scored"))
    write_json(folder / "eval.json", {"model": model, **result.as_json()})
    table = Table("", "mean", "95 %", title=f"{model}: {result.questions:,} questions, {result.samples:,} samples")
    rows = [(f"pass@{k}", i.mean, f"{i.low:.3f} – {i.high:.3f}") for k, i in result.pass_at.items()]
    for name, mean, interval in rows:
        table.add_row(name, f"{mean:.3f}", interval)
    tokens = f", {result.mean_tokens:,.0f} tokens a sample" if result.mean_tokens else ""
    table.caption = f"{result.abstained:,} abstained, {result.cut_off:,} cut off at the limit{tokens}"
    out.print(table)
    ks = list(result.pass_at)
    pictures: list[str] = []
    if ks:
        intervals = list(result.pass_at.values())
        band = [i.low for i in intervals], [i.high for i in intervals]
        pictures.append(
            charts.curve(
                "pass@k, 95 %",
                ks,
                [i.mean for i in intervals],
                "k",
                "pass@k",
                log=True,
                labels=list(map(str, ks)),
                band=band,
            )
        )
    page.write(
        folder / "report.html",
        f"Assay: {model}",
        str(table.caption),
        page.section("pass@k", page.charts(pictures), page.table(("", "mean", "95 %"), rows)),
        page.section("Completions", '<p><a href="scored/report.html">Rewards and components of all samples</a></p>'),
    )
    err.print(f"wrote {folder / 'report.html'}", highlight=False)
