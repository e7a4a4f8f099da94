"""Test code against a program: both in jails, each in its own; here only the outcomes are read. Python only."""

import json
from dataclasses import replace
from typing import Any

from sandbox.errors import BadJob
from sandbox.execution import Execution
from sandbox.harness.slot import RESULT_BYTES
from sandbox.job import MOST_TESTS, Job
from sandbox.modes.function import MOST_RESTARTS
from sandbox.pool import Pool
from sandbox.program import Ready
from sandbox.report import TestResult, evidence, failure_of
from sandbox.session import Session
from sandbox.verdict import Verdict

KINDS = {"asserts": "asserts", "fill": "asserts", "unittest": "unittest", "pytest": "pytest"}
NOT_RUN = "not run: the program ended in each of {} tests before it"


class _Units:
    """Outcomes as the tester's lines tell them. The tester is ours and in a jail: its lines are trusted."""

    def __init__(self) -> None:
        self.count: int | None = None
        self.lines: list[dict[str, Any]] = []
        self.unloaded: str | None = None
        self.fault: str | None = None
        self.program = False

    def read(self, raw: bytes) -> None:
        for text in raw.split(b"\n")[:-1]:
            line = json.loads(text)
            if "count" in line:
                self.count = line["count"]
            elif "k" in line:
                self.lines.append(line)
            elif "unloaded" in line:
                self.unloaded = line["unloaded"]
            else:
                self.fault, self.program = line["fault"], line["program"]


def judge(pool: Pool, job: Job, ready: Ready) -> list[TestResult]:
    """Run each unit; where the program or the time ends in one, the rest gets a fresh pair of processes."""
    results: list[TestResult] = []
    in_a_row = 0
    with pool.session() as session:
        while True:
            units, execution = _attempt(session, job, ready, len(results))
            count = _count(job, units)
            if units.count is None:
                lost = _lost(units, execution)
                return results + [lost] * max(1, count - len(results))
            answered = [_outcome(line, units, execution) for line in units.lines]
            ended = bool(answered) and units.lines[-1]["s"] == "dead"
            results += answered
            if len(results) < count and not ended:
                results.append(_result(failure_of(execution) or Verdict.RE, "", execution))
                ended = True
            if job.stop_early:
                stop = next((at for at, item in enumerate(results) if item.status is not Verdict.AC), None)
                if stop is not None:
                    return results[: stop + 1]
            if len(results) >= count:
                return results
            in_a_row = in_a_row + 1 if len(answered) <= 1 else 1
            if in_a_row >= MOST_RESTARTS:
                left = TestResult(results[-1].status, stderr=NOT_RUN.format(in_a_row))
                return results + [left] * (count - len(results))


def _attempt(session: Session, job: Job, ready: Ready, start: int) -> tuple[_Units, Execution]:
    """The units from `start` on."""
    inputs = ready.source, json.dumps(job.blocks).encode(), job.prelude.encode("utf-8", "replace")
    caps = ready.caps(job.limits)
    header = {"kind": KINDS[job.mode], "entry": job.entry_point, "start": start}
    session.start("tests", caps, *inputs, streams=2, more=[RESULT_BYTES], **header)
    execution = session.finish(caps, MOST_TESTS)
    out, err, results = execution.more
    units = _Units()
    units.read(results)
    return units, replace(execution, stdout=execution.stdout + out, stderr=execution.stderr + err)


def _count(job: Job, units: _Units) -> int:
    if units.fault is not None and not units.program:
        raise BadJob(f"tests: the test code can't be loaded: {units.fault}")
    if units.count == 0:
        raise BadJob("tests: the test code holds no test")
    return units.count or (len(job.blocks) if KINDS[job.mode] == "asserts" else 1)


def _lost(units: _Units, execution: Execution) -> TestResult:
    """The program could not be loaded."""
    text = units.unloaded or units.fault or ""
    syntax = text.startswith(("SyntaxError", "IndentationError", "TabError")) and "(line" not in text
    status = failure_of(execution) or (Verdict.CE if syntax else Verdict.RE)
    return _result(status, text, execution)


def _outcome(line: dict[str, Any], units: _Units, execution: Execution) -> TestResult:
    last = line is units.lines[-1]
    if line["s"] == "dead":
        return _result((failure_of(execution) if last else None) or Verdict.RE, line["d"], execution)
    status = Verdict(line["s"])
    if status is Verdict.RE and line["d"].startswith("MemoryError"):
        status = Verdict.MLE
    return _result(status, line["d"], execution, ms=line.get("ms", 0.0))


def _result(status: Verdict, detail: str, execution: Execution, ms: float | None = None) -> TestResult:
    stderr = detail + ("\n" if detail and execution.stderr else "") + evidence(execution.stderr)
    took = execution.wall_ms if ms is None else ms
    return TestResult(status, took, execution.peak_mb, evidence(execution.stdout), stderr)
