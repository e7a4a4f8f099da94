"""`assay code` judges programs from JSON lines; `assay run` runs one for a person. Neither needs a server."""

import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from sandbox import (
    BadJob,
    Config,
    Limits,
    Program,
    Sandbox,
    SandboxError,
    SandboxUnavailable,
    UnknownLanguage,
    Verdict,
)

AHEAD = 8
"""Lines read before the first of them is answered, for each slot: bounds memory on endless input."""
DETAIL_CHARACTERS = 1000
EXIT_UNAVAILABLE = 3
EXIT_PROGRAM_FAILED = 1
_SUFFIXES = {".py": "python", ".c": "c", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".java": "java",
             ".js": "javascript", ".ts": "typescript", ".go": "go", ".rs": "rust", ".sh": "bash"}  # fmt: skip


def error_answer(job_id: Any, detail: str) -> dict[str, Any]:
    """The answer to a line that says nothing of its program."""
    return {"id": job_id, "status": Verdict.ERROR.value, "detail": detail[:DETAIL_CHARACTERS], "passed": 0, "total": 0,
            "tests": [], "elapsed_ms": 0.0}  # fmt: skip


def _id_of(line: str) -> Any:
    try:
        job = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return job.get("id") if isinstance(job, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def answer(sandbox: Sandbox, line: str) -> dict[str, Any]:
    """The answer to one line, whatever is in it."""
    try:
        given: Any = json.loads(line)
    except (ValueError, RecursionError) as cause:
        return error_answer(None, f"not JSON: {cause}")
    if not isinstance(given, dict):
        return error_answer(None, "a line must be a JSON object")
    job = cast("dict[str, Any]", given)
    job_id: Any = job.get("id")
    try:
        return sandbox.judge(job).as_json(job_id)
    except BadJob as cause:
        return error_answer(job_id, f"bad job: {cause}")
    except SandboxUnavailable as cause:
        return error_answer(job_id, f"sandbox_unavailable: {cause}")
    except UnknownLanguage as cause:
        return error_answer(job_id, f"language: {cause}")
    except Exception as cause:  # noqa: BLE001  the edge of one line: its failure must not cost the others
        return error_answer(job_id, f"{type(cause).__name__}: {cause}")


def _in_order(sandbox: Sandbox, lines: Iterable[str], workers: int) -> Iterator[dict[str, Any]]:
    """Answers in the order of the lines, worked out several at a time."""
    waiting: deque[Future[dict[str, Any]]] = deque()
    with ThreadPoolExecutor(workers) as threads:
        for line in lines:
            if not line.strip():
                continue
            waiting.append(threads.submit(answer, sandbox, line))
            while waiting and (waiting[0].done() or len(waiting) > AHEAD * workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _opened(backend: str, slots: int, packages: list[Path]) -> Sandbox:
    return Sandbox(backend, Config(slots=slots, packages=tuple(path.resolve() for path in packages))).open()


Backend = Annotated[str, typer.Option(help="Isolation to use; see `assay doctor` for those that work here.")]
Packages = Annotated[list[Path] | None, typer.Option(help="Directory of Python packages that programs may import.")]


def code(
    backend: Backend = "jail",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Programs that run at the same time.")] = 2,
    packages: Packages = None,
) -> None:
    """Judge programs: JSON lines on standard input, one answer for each on standard output, in order.

    Without a working sandbox every line is answered with status `error`, and the exit status is 3.
    """
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    try:
        sandbox = _opened(backend, workers, packages or [])
    except SandboxUnavailable as cause:
        for line in filter(str.strip, sys.stdin):
            print(json.dumps(error_answer(_id_of(line), f"sandbox_unavailable: {cause}")), flush=True)
        raise typer.Exit(EXIT_UNAVAILABLE) from cause
    with sandbox:
        for result in _in_order(sandbox, sys.stdin, workers):
            print(json.dumps(result), flush=True)


def run(
    program: Annotated[Path, typer.Argument(help="Source file.", exists=True, dir_okay=False)],
    language: Annotated[str, typer.Option(help="Language; else by the file's suffix.")] = "",
    backend: Backend = "jail",
    wall_s: Annotated[float, typer.Option(help="Seconds that it may run.")] = 10.0,
    memory_mb: Annotated[int, typer.Option(help="Megabytes that it may use.")] = 512,
    packages: Packages = None,
) -> None:
    """Run one program in a jail: standard input in, standard output out, what it used on standard error."""
    text = program.read_text(encoding="utf-8", errors="replace")
    stdin = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    try:
        with _opened(backend, 1, packages or []) as sandbox:
            wanted = Program(language or _SUFFIXES.get(program.suffix, "python"), text, stdin)
            execution = sandbox.run(wanted, Limits(wall_s=wall_s, memory_mb=memory_mb))
    except SandboxError as cause:
        typer.echo(f"assay: {cause}", err=True)
        raise typer.Exit(EXIT_UNAVAILABLE) from cause
    sys.stdout.buffer.write(execution.stdout)
    sys.stdout.flush()
    sys.stderr.buffer.write(execution.stderr)
    ended = execution.why or (f"status {execution.code}" if execution.signal is None else f"signal {execution.signal}")
    typer.echo(f"[{ended}; {execution.wall_ms:.0f} ms, {execution.peak_mb:.0f} MB]", err=True)
    if not execution.ok:
        raise typer.Exit(execution.code or EXIT_PROGRAM_FAILED)
