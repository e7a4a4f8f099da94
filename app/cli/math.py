"""`assay math`: score final answers from JSONL, or explain one comparison."""

import json
import sys
import time
from dataclasses import fields
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.mathcheck import DEFAULT_POLICY, Policy, Verdict, check, check_answer
from app.status import Status

_POLICY_FIELDS = {f.name for f in fields(Policy)}


def math(
    answer: Annotated[str | None, typer.Argument(help="An answer to explain; without it, JSONL is read.")] = None,
    reference: Annotated[str | None, typer.Argument(help="What it is compared with.")] = None,
) -> None:
    """Compare answers with references: JSONL on stdin, or one pair as arguments."""
    if answer is None:
        _stream()
    elif reference is None:
        raise typer.BadParameter("give an answer and a reference")
    else:
        _explain(answer, reference)


def _stream() -> None:
    for raw in sys.stdin.buffer:
        if raw.strip():
            sys.stdout.write(json.dumps(answer_line(raw.decode("utf-8", "replace")), ensure_ascii=True) + "\n")
            sys.stdout.flush()


def answer_line(line: str) -> dict[str, Any]:
    """The result of one line of input; a line that can't be used gets a status and no score."""
    started = time.perf_counter_ns()
    name: Any = None
    try:
        row: Any = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")
        item: dict[str, Any] = row  # pyright: ignore[reportUnknownVariableType]
        name = item.get("id")
        verdict = _judge(item)
    except (ValueError, TypeError, RecursionError) as error:
        verdict = Verdict(None, Status.BAD_REFERENCE, detail=f"line: {error}")
    return {
        "id": name,
        "score": verdict.score,
        "status": verdict.status.value,
        "certificate": verdict.certificate,
        "extracted": verdict.extracted.text if verdict.extracted else None,
        "elapsed_us": (time.perf_counter_ns() - started) // 1000,
    }


def _judge(item: dict[str, Any]) -> Verdict:
    reference = item.get("reference")
    if isinstance(reference, int | float) and not isinstance(reference, bool):
        reference = str(reference)
    if not isinstance(reference, str):
        return Verdict(None, Status.BAD_REFERENCE, detail="the reference is missing or no text")
    policy = _policy(item.get("policy"))
    if isinstance(item.get("completion"), str):
        return check(item["completion"], reference, policy)
    if isinstance(item.get("answer"), str):
        return check_answer(item["answer"], reference, policy)
    return Verdict(0.0, Status.NO_ANSWER, detail="neither completion nor answer")


def _policy(given: Any) -> Policy:
    if given is None:
        return DEFAULT_POLICY
    if not isinstance(given, dict):
        raise ValueError("policy is no object")
    values: dict[str, Any] = given  # pyright: ignore[reportUnknownVariableType]
    unknown = set(values) - _POLICY_FIELDS
    if unknown:
        raise ValueError(f"unknown policy fields {sorted(unknown)}")
    if "sources" in values:
        values = {**values, "sources": tuple(values["sources"])}
    return Policy(**values)


def _explain(answer: str, reference: str) -> None:
    verdict = check_answer(answer, reference)
    table = Table(show_header=False, box=None)
    for i, step in enumerate(verdict.steps, 1):
        table.add_row(f"{i}.", escape(step))
    table.add_row("status", verdict.status.value)
    table.add_row("certificate", escape(verdict.certificate or "none"))
    table.add_row("detail", escape(verdict.detail))
    table.add_row("score", "none (abstains)" if verdict.score is None else f"{verdict.score:g}")
    Console().print(table)
