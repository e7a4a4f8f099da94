"""`assay sample`: rejection sampling, from an endpoint or from stored rollouts, to a data set for fine-tuning."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli import endpoints
from app.cli.console import err, fail, out
from app.cli.endpoints import API_KEY_ENV, Concurrency, EndpointUrl, KeyEnv, MaxTokens, Model, RequestTimeout, Tries
from app.cli.rescore import LayoutName, Mapping
from app.cli.runs import Job, interruptible, score_run
from app.offline.extras import InputError
from app.offline.layout import BadLayout, Question
from app.offline.report import Run
from app.offline.report.funnel import funnel_table, write_funnel
from app.offline.sampling.endpoint import Endpoint, EndpointError
from app.offline.sampling.questions import read_questions
from app.offline.sampling.sampler import SampleFile, Spent
from app.offline.sampling.sampler import sample as draw_samples
from app.offline.selection.criteria import Choose, Criteria
from app.offline.selection.mix import mix
from app.offline.selection.select import Selection
from app.offline.selection.similar import Benchmarks

_RUBRIC = "rejection"


def sample(
    inputs: Annotated[list[str], typer.Argument(help="Stored rollouts; with --endpoint, questions to sample.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for samples, scores, the data set and its report.")],
    endpoint: EndpointUrl = None,
    model: Model = None,
    n: endpoints.Samples = 8,
    layout: LayoutName = "auto",
    mapping: Mapping = None,
    rubric: Annotated[str, typer.Option(help="Rubric with accuracy, language, readability and loop.")] = _RUBRIC,
    min_pass: Annotated[float, typer.Option(min=0, max=1, help="Least pass rate of a prompt.")] = 0.0,
    max_pass: Annotated[float, typer.Option(min=0, max=1, help="Largest pass rate of a prompt.")] = 1.0,
    per_prompt: Annotated[int, typer.Option("-k", min=1, help="Completions to keep of a prompt.")] = 1,
    choose: Annotated[Choose, typer.Option(help="Which of a prompt's completions.")] = "shortest",
    min_language: Annotated[float, typer.Option(help="Least share of words in the prompt's language.")] = 0.95,
    max_chars: Annotated[int | None, typer.Option(help="Longest completion.")] = None,
    near: Annotated[float, typer.Option(help="Similarity of near-duplicates; 1 keeps all but equal ones.")] = 0.8,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="Benchmark files: prompts that share an n-gram with them are dropped.")
    ] = None,
    ngram: Annotated[int, typer.Option(min=3, help="Words of that n-gram.")] = 13,
    mix_in: Annotated[
        list[Path] | None, typer.Option("--mix", help="Other data (writing, QA, translation), JSONL of messages.")
    ] = None,
    mix_ratio: Annotated[float, typer.Option(min=0.01, help="Reasoning rows for one of --mix; the paper's is 3.")] = 3,
    seed: Annotated[int, typer.Option(help="Of choices and of the mixture's order.")] = 0,
    temperature: endpoints.Temperature = 0.6,
    top_p: endpoints.TopP = 0.95,
    max_tokens: MaxTokens = None,
    concurrency: Concurrency = 16,
    key_env: KeyEnv = API_KEY_ENV,
    timeout: RequestTimeout = 600.0,
    tries: Tries = 6,
    system: Annotated[str | None, typer.Option(help="System message.")] = None,
    restart: Annotated[bool, typer.Option(help="Begin anew.")] = False,
) -> None:
    """Keep the completions worth training on: right, readable, in one language, no duplicates, in no benchmark."""
    maps = tuple(mapping or ())
    try:
        contaminated = Benchmarks(_benchmark_texts(benchmark), ngram) if benchmark else None
        questions = read_questions(inputs, layout, list(maps)) if endpoint else []
    except (InputError, BadLayout) as error:
        fail(str(error), 2)
    if endpoint:
        if not model:
            fail("--endpoint needs --model", 2)
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
        samples = out_dir / "samples.jsonl"
        sample_questions(connected, questions, n, samples, concurrency, system=system, restart=restart)
        inputs, layout, maps = [str(samples)], "assay", ()
    score_run(Job(inputs, out_dir / "scored", rubric, layout, maps, text=True, restart=restart or bool(endpoint)))
    criteria = Criteria(
        min_language=min_language,
        max_chars=max_chars,
        pass_band=(min_pass, max_pass),
        per_prompt=per_prompt,
        choose=choose,
        near=near if near < 1 else None,
        ngram=ngram,
        seed=seed,
    )
    _select(out_dir, criteria, contaminated, mix_in or [], mix_ratio, model)


def _benchmark_texts(files: list[str]) -> list[str]:
    return [question.prompt for file in files for question in read_questions([file], "auto", [])]


def sample_questions(
    connected: Endpoint,
    questions: list[Question],
    n: int,
    path: Path,
    concurrency: int,
    *,
    system: str | None,
    restart: bool,
    template: str | None = None,
) -> Spent:
    """Sample into a file with a progress bar; exits with a message where the endpoint won't."""
    into = SampleFile(path, restart=restart)
    total = len(questions) * n
    columns = (
        TextColumn("sampling"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[tokens]:,} tokens, {task.fields[failed]} failed"),
        TimeRemainingColumn(),
    )
    before = len(into.done)

    async def work() -> Spent:
        with Progress(*columns, console=err, transient=True) as progress:
            bar = progress.add_task("", total=total, completed=before, tokens=0, failed=0)

            def show(s: Spent) -> None:
                tokens = s.prompt_tokens + s.completion_tokens
                progress.update(bar, completed=before + s.samples, tokens=tokens, failed=s.failed)

            async with connected:
                return await draw_samples(
                    connected, questions, n, into, system=system, template=template, concurrency=concurrency,
                    progress=show,
                )  # fmt: skip

    try:
        spent = interruptible(work, str(path))
    except EndpointError as error:
        fail(f"{error}\nwhat is sampled is kept in {path}: the same command goes on from there")
    finally:
        into.close()
    err.print(
        f"{spent.samples} samples ({before} were there), {spent.prompt_tokens:,} + {spent.completion_tokens:,} tokens, "
        f"{connected.retries} retries, {spent.failed} failed",
        highlight=False,
    )
    if spent.failed:
        fail(f"{spent.failed} samples are missing: the same command asks for them again")
    return spent


def _select(
    out_dir: Path,
    criteria: Criteria,
    benchmarks: Benchmarks | None,
    others: list[Path],
    ratio: float,
    model: str | None,
) -> None:
    selection = Selection(Run(out_dir / "scored"), criteria, benchmarks)
    reasoning = out_dir / "reasoning.jsonl"
    groups: set[str] = set()
    with (
        reasoning.open("w", encoding="utf-8", errors="replace") as file,
        (out_dir / "prompts.jsonl").open("w", encoding="utf-8", errors="replace") as prompts,
    ):
        for kept in selection.kept():
            if kept.group not in groups:
                groups.add(kept.group)
                about = {"id": kept.group, "prompt": kept.prompt, "reference": json.loads(kept.reference)}
                line = {**about, "meta": {"pass_rate": kept.pass_rate}}
                prompts.write(json.dumps(line, ensure_ascii=False) + "\n")
            messages = [
                {"role": "user", "content": kept.prompt},
                {"role": "assistant", "content": kept.completion},
            ]
            meta = {
                "source": "rejection-sampling",
                "reasoning": True,
                "id": kept.id,
                "group": kept.group,
                "pass_rate": kept.pass_rate,
                "model": model,
            }
            file.write(json.dumps({"messages": messages, "meta": meta}, ensure_ascii=False) + "\n")
    try:
        mixed = mix(reasoning, others, ratio, out_dir / "sft.jsonl", criteria.seed)
    except (InputError, OSError) as error:
        fail(str(error), 2)
    rows = [(step.name, step.left) for step in selection.funnel]
    origins = [("reasoning", mixed.reasoning), *mixed.other.items()]
    funnel = {"funnel": dict(rows), "mixed": dict(origins), "criteria": criteria._asdict()}
    (out_dir / "funnel.json").write_text(json.dumps(funnel, indent=2), "utf-8")
    write_funnel(out_dir / "funnel.html", rows, origins)
    out.print(funnel_table(rows))
    out.print(", ".join(f"{name} {count:,}" for name, count in origins), f"→ {out_dir / 'sft.jsonl'}", highlight=False)
