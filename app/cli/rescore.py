"""`assay rescore`: stored rollouts of any size in, a folder of Parquet with a report out; resumes where it stopped."""

import gc
import os
import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.console import out

_COLLECT = (100_000, 50, 50)
"""What is imported never becomes garbage, and rows go through this process without becoming objects."""
EngineName = Literal["local", "service", "ray"]
Inputs = Annotated[list[str], typer.Argument(help="Files, globs or folders: JSONL (.gz, .zst), Parquet, Arrow.")]
LayoutName = Annotated[str, typer.Option(help="Layout of the rows: `auto`, a known one, or a TOML file.")]
Mapping = Annotated[
    list[str] | None, typer.Option("--map", help="FIELD=PATH, on top of the layout: completion=output[0].text")
]


def rescore(
    inputs: Inputs,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for results; a run that was cut short resumes there.")],
    rubric: Annotated[str, typer.Option(help="Name of a rubric, or a TOML, YAML or JSON file with one.")] = "r1",
    layout: LayoutName = "auto",
    mapping: Mapping = None,
    compare_to: Annotated[
        str | None, typer.Option(help="Path of an earlier reward in the rows, to compare with: score, meta.correct")
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
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # up to `interruptible`: imports may swallow a KeyboardInterrupt
    gc.set_threshold(*_COLLECT)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # pyarrow imports numpy, whose threads spin for work for a while
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own returns what the next rows need again
    from app.cli.runs import Job, score_run

    maps = (*(mapping or ()), *([f"previous={compare_to}"] if compare_to else ()))
    score_run(Job(inputs, out_dir, rubric, layout, maps, engine, url, children, keep_text, evidence, restart, limit))
    if report:
        from app.offline.report import write_report

        out.print(write_report(out_dir))
