"""Calls of an entry point: arguments in, values out, compared here. Python only."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.compare import same_value
from sandbox.execution import Execution
from sandbox.harness.values import Encoder, decode
from sandbox.job import CallTest, Job, OneOf
from sandbox.modes.stdio import MOST_TIMEOUTS, NOT_RUN
from sandbox.pool import Pool
from sandbox.program import Ready, is_syntax_error
from sandbox.report import TestResult, evidence, failure_of
from sandbox.verdict import Verdict

MOST_RESTARTS = 3
"""Tests in a row that end the program's process before the rest is given up: each costs a fresh process."""
_BROKEN = "the program's results can't be read"


@dataclass
class Attempt:
    """What one process answered, in order, and how it ended."""

    lines: list[Any]
    loaded: bool
    execution: Execution


def judge(pool: Pool, job: Job, ready: Ready) -> list[TestResult]:
    """Call with each test's arguments; a process that dies is replaced for the tests that are left."""
    results: list[TestResult] = []
    failures = 0
    with pool.session() as session:
        while len(results) < len(job.calls):
            rest = job.calls[len(results) :]
            caps = ready.caps(job.limits)
            parts = list(session.stream("calls", caps, ready.source, _arguments(rest), entry=job.entry_point))
            attempt = _attempt(parts)
            answered = [_judged(test, line, attempt) for test, line in zip(rest, attempt.lines, strict=False)]
            results += answered
            if job.stop_early and (stop := _first_failure(results)) is not None:
                return results[: stop + 1]
            if len(results) == len(job.calls):
                break
            failed = _failed(attempt)
            if not attempt.loaded:
                return results + [_again(failed, test) for test in job.calls[len(results) :]]
            results.append(_again(failed, job.calls[len(results)]))
            failures = 1 if answered else failures + 1
            if job.stop_early:
                return results
            if failures >= min(MOST_RESTARTS, MOST_TIMEOUTS):
                skipped = TestResult(failed.status, stderr=NOT_RUN.format(failures))
                return results + [_again(skipped, test) for test in job.calls[len(results) :]]
    return results


def _again(result: TestResult, test: CallTest) -> TestResult:
    return TestResult(result.status, result.ms, result.peak_mb, result.stdout, result.stderr, test.weight)


def _first_failure(results: list[TestResult]) -> int | None:
    return next((at for at, result in enumerate(results) if result.status is not Verdict.AC), None)


def _arguments(tests: tuple[CallTest, ...]) -> bytes:
    """Arguments alone: what is expected stays here."""
    encode = Encoder()
    calls = [
        {"args": [encode(item) for item in test.args], "kwargs": {k: encode(v) for k, v in test.kwargs.items()}}
        for test in tests
    ]
    return json.dumps(calls).encode()


def _attempt(parts: list[bytes | Execution]) -> Attempt:
    *chunks, execution = parts
    assert isinstance(execution, Execution)
    raw = b"".join(chunk for chunk in chunks if isinstance(chunk, bytes)).split(b"\n")
    lines = [_line(text) for text in raw[:-1]]
    loaded = bool(lines) and isinstance(lines[0], dict) and "loaded" in lines[0]
    return Attempt(lines[1:], loaded, execution)


def _line(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _failed(attempt: Attempt) -> TestResult:
    """Outcome of the test during which the process ended."""
    execution = attempt.execution
    status = failure_of(execution) or Verdict.RE
    if not attempt.loaded and is_syntax_error(execution):
        status = Verdict.CE
    stderr = execution.stderr or b"the program ended before its tests were done"
    return TestResult(status, execution.wall_ms, execution.peak_mb, evidence(execution.stdout), evidence(stderr))


def _judged(test: CallTest, line: Any, attempt: Attempt) -> TestResult:
    """Outcome of one answered call. The line is the program's own word: it is only ever data."""
    execution = attempt.execution
    if not isinstance(line, dict):
        return TestResult(Verdict.RE, peak_mb=execution.peak_mb, stderr=_BROKEN, weight=test.weight)
    answer: dict[str, Any] = line  # pyright: ignore[reportUnknownVariableType]
    took = answer.get("ms")
    ms = float(took) if isinstance(took, (int, float)) and 0 <= took < 1e9 else 0.0
    stdout = evidence(_printed(attempt, answer))
    if "v" not in answer:
        text = str(answer.get("x"))[:200]
        status = Verdict.MLE if text == "MemoryError" else Verdict.RE
        stderr = f"{text}\n{evidence(execution.stderr)}"
        return TestResult(status, ms, execution.peak_mb, stdout, stderr, test.weight)
    try:
        value = decode(answer["v"])
        right = _right(test.expected, value)
    except (ValueError, TypeError, ArithmeticError, RecursionError, AttributeError, KeyError):
        value, right = _BROKEN, False
    stderr = "" if right else f"returned {_short(value)}"
    return TestResult(Verdict.AC if right else Verdict.WA, ms, execution.peak_mb, stdout, stderr, test.weight)


def _right(expected: Any, value: Any) -> bool:
    if isinstance(expected, OneOf):
        return any(same_value(item, value) for item in expected.values)
    return same_value(expected, value)


def _printed(attempt: Attempt, line: dict[str, Any]) -> bytes:
    """What the call printed, by the offsets that the lines claim."""
    at = next((index for index, other in enumerate(attempt.lines) if other is line), 0)
    before = attempt.lines[at - 1].get("out", 0) if at and isinstance(attempt.lines[at - 1], dict) else 0
    until = line.get("out", 0)
    if not isinstance(before, int) or not isinstance(until, int):
        return b""
    return attempt.execution.stdout[max(before, 0) : max(until, 0)]


def _short(value: Any) -> str:
    try:
        return repr(value)[:500]
    except (ValueError, RecursionError):
        return "a value that can't be shown"
