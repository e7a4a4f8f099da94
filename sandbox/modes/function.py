"""Calls of an entry point: arguments in, values out, compared here. Python only."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.answer import accepts, shown
from sandbox.execution import Execution
from sandbox.harness.slot import RESULT_BYTES
from sandbox.harness.values import Encoder
from sandbox.job import CallTest, Job, OneOf
from sandbox.modes.stdio import MOST_TIMEOUTS, NOT_RUN
from sandbox.pool import Pool
from sandbox.program import Ready, is_syntax_error
from sandbox.report import TestResult, evidence, failure_of
from sandbox.verdict import Verdict

MOST_RESTARTS = 3
"""Tests in a row that end the program's process before the rest is given up: each costs a fresh process."""
ANSWER_BYTES = 1 << 20
"""Of one answer, or ANSWER_FACTOR times the expected one: reading a line of JSON takes up to 20 times its size."""
ANSWER_FACTOR = 32
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
            header: dict[str, Any] = {"entry": job.entry_point, "count": len(rest)}
            session.start("calls", caps, ready.source, _arguments(rest), more=[RESULT_BYTES], **header)
            attempt = _attempt(session.finish(caps, len(rest) + 1), rest)
            answered = [_judged(test, at, attempt) for at, test in enumerate(rest[: len(attempt.lines)])]
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


def _attempt(execution: Execution, tests: tuple[CallTest, ...]) -> Attempt:
    raw = execution.more[0].split(b"\n", len(tests) + 1)
    first, *answers = raw[:-1] or [b""]
    head = _line(first)
    lines = [_line(text) if _readable(text, test) else None for text, test in zip(answers, tests, strict=False)]
    return Attempt(lines, isinstance(head, dict) and "loaded" in head, execution)


def _readable(text: bytes, test: CallTest) -> bool:
    """Whether a line is no larger than a right answer could be, in the most wasteful encoding."""
    if len(text) <= ANSWER_BYTES:
        return True
    expected = max(map(_size, test.expected.values)) if isinstance(test.expected, OneOf) else _size(test.expected)
    return len(text) <= ANSWER_FACTOR * expected


def _size(expected: Any) -> int:
    return len(json.dumps(expected, default=repr, skipkeys=True))


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


def _judged(test: CallTest, at: int, attempt: Attempt) -> TestResult:
    """Outcome of one answered call. The line is the program's own word: it is only ever data."""
    execution, line = attempt.execution, attempt.lines[at]
    if not isinstance(line, dict):
        return TestResult(Verdict.RE, peak_mb=execution.peak_mb, stderr=_BROKEN, weight=test.weight)
    answer: dict[str, Any] = line  # pyright: ignore[reportUnknownVariableType]
    took = answer.get("ms")
    ms = float(took) if isinstance(took, (int, float)) and 0 <= took < 1e9 else 0.0
    stdout = evidence(_printed(attempt, at))
    if "v" not in answer:
        text = str(answer.get("x"))[:200]
        status = Verdict.MLE if text == "MemoryError" else Verdict.RE
        stderr = f"{text}\n{evidence(execution.stderr)}"
        return TestResult(status, ms, execution.peak_mb, stdout, stderr, test.weight)
    right = _right(test.expected, answer["v"])
    stderr = "" if right else f"returned {shown(answer['v'])}"
    return TestResult(Verdict.AC if right else Verdict.WA, ms, execution.peak_mb, stdout, stderr, test.weight)


def _right(expected: Any, answer: Any) -> bool:
    if isinstance(expected, OneOf):
        return any(accepts(item, answer) for item in expected.values)
    return accepts(expected, answer)


def _printed(attempt: Attempt, at: int) -> bytes:
    """What a call printed, by the offsets that the lines claim."""
    before, until = _offset(attempt.lines[at - 1]) if at else 0, _offset(attempt.lines[at])
    return attempt.execution.stdout[before:until]


def _offset(line: Any) -> int:
    claimed = line.get("out", 0) if isinstance(line, dict) else 0  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return max(claimed, 0) if isinstance(claimed, int) else 0
