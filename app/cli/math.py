"""`assay math`: score final answers from JSONL, or explain one comparison."""

import json
import os
import sys
import time
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.mathcheck import DEFAULT_POLICY, Policy, Verdict, check, check_answer, explain, read_policy
from app.status import Status

MAX_LINE_BYTES = 64 << 20
"""A longer line is answered without being parsed: a completion has a megabyte at most."""


def math(
    answer: Annotated[str | None, typer.Argument(help="An answer to explain; without it, JSONL is read.")] = None,
    reference: Annotated[str | None, typer.Argument(help="What it is compared with.")] = None,
    completion: Annotated[
        bool, typer.Option("--completion", help="The first argument is a whole completion: extract the answer first.")
    ] = False,
    policy: Annotated[str | None, typer.Option(help="A policy as JSON, such as '{\"digits\": 2}'.")] = None,
) -> None:
    """Compare answers with references: JSONL on stdin, or one pair as arguments.

    Each line `{"id", "completion" or "answer", "reference", "policy"?}` is answered, whatever is in it, by a line
    `{"id", "score", "status", "certificate", "extracted", "elapsed_us"}`; its policy goes over the option's.

    Exit status: 0 when all lines are answered or the pair is equal, 1 when the pair is not equal, 2 for wrong usage,
    3 when the pair can't be decided, 130 after Ctrl-C.
    """
    try:
        chosen = _policy(json.loads(policy), DEFAULT_POLICY) if policy is not None else DEFAULT_POLICY
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(str(error), param_hint="--policy") from None
    if answer is None:
        _stream(chosen)
    elif reference is None:
        raise typer.BadParameter("give an answer and a reference")
    else:
        verdict = _explain(answer, reference, chosen, whole=completion)
        raise typer.Exit(3 if verdict.score is None else 0 if verdict.score == 1.0 else 1)


def _stream(policy: Policy) -> None:
    try:
        for raw in sys.stdin.buffer:
            if raw.strip():
                sys.stdout.write(json.dumps(answer_line(raw, policy), ensure_ascii=True, allow_nan=False) + "\n")
                sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:  # the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def answer_line(raw: bytes, policy: Policy = DEFAULT_POLICY) -> dict[str, Any]:
    """The result of one line of input; a line that can't be used gets a status and no score."""
    started = time.perf_counter_ns()
    name: Any = None
    try:
        item = _read(raw)
        name = _name(item.get("id"))
        verdict = _judge(item, policy)
    except (ValueError, RecursionError) as error:
        verdict = Verdict(None, Status.BAD_REFERENCE, detail=f"line: {error}")
    return {
        "id": name,
        "score": verdict.score,
        "status": verdict.status.value,
        "certificate": verdict.certificate,
        "extracted": verdict.extracted.text if verdict.extracted else None,
        "elapsed_us": (time.perf_counter_ns() - started) // 1000,
    }


def _read(raw: bytes) -> Mapping[str, Any]:
    """The object of a line. Raises ValueError."""
    if len(raw) > MAX_LINE_BYTES:
        raise ValueError(f"longer than {MAX_LINE_BYTES} bytes")
    row: Any = json.loads(raw.decode("utf-8", "replace"), parse_constant=_no_constant)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    return cast(dict[str, Any], row)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _name(given: Any) -> Any:
    """The id as it came, if it is a plain value: a deep one could not be written back."""
    return given if isinstance(given, str | int | bool) or (isinstance(given, float) and isfinite(given)) else None


def _judge(item: Mapping[str, Any], policy: Policy) -> Verdict:
    reference = item.get("reference")
    reference = _text(reference)
    if not isinstance(reference, str):
        return Verdict(None, Status.BAD_REFERENCE, detail="the reference is missing or no text")
    policy = _policy(item.get("policy"), policy)
    completion, answer = item.get("completion"), _text(item.get("answer"))
    if isinstance(completion, str):
        return check(completion, reference, policy)
    if isinstance(answer, str):
        return check_answer(answer, reference, policy)
    return Verdict(0.0, Status.NO_ANSWER, detail="neither completion nor answer is a text")


def _text(given: Any) -> Any:
    """A JSON number as text: references are often stored as one."""
    number = isinstance(given, int | float) and not isinstance(given, bool) and isfinite(given)
    return str(given) if number else given


def _policy(given: Any, default: Policy) -> Policy:
    if given is None:
        return default
    if not isinstance(given, dict):
        raise ValueError("policy is no object")
    return read_policy(cast(dict[str, Any], given), default)


def _explain(answer: str, reference: str, policy: Policy, *, whole: bool) -> Verdict:
    verdict, steps = explain(answer, reference, policy, whole=whole)
    table = Table(show_header=False, box=None)
    for i, step in enumerate(steps, 1):
        table.add_row(f"{i}.", escape(step))
    table.add_row("status", verdict.status.value)
    table.add_row("certificate", escape(verdict.certificate or "none"))
    table.add_row("detail", escape(verdict.detail))
    table.add_row("score", "none (abstains)" if verdict.score is None else f"{verdict.score:g}")
    Console().print(table)
    return verdict
