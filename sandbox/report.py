"""What is said of a job: the outcome of each test, and of all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import BadJob
from sandbox.execution import Execution
from sandbox.verdict import Verdict

EVIDENCE_BYTES = 2000
"""Of each output of each test: enough for a person to see what happened."""
_BY_WHY = {"wall": Verdict.TLE, "cpu": Verdict.TLE, "memory": Verdict.MLE, "output": Verdict.OLE}


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test. Time in milliseconds, memory in megabytes; outputs are cut to EVIDENCE_BYTES."""

    __test__ = False

    status: Verdict
    ms: float = 0.0
    peak_mb: float = 0.0
    stdout: str = ""
    stderr: str = ""
    weight: float = 1.0

    def as_json(self) -> dict[str, Any]:
        names = ("status", "ms", "peak_mb", "stdout", "stderr")
        return {name: getattr(self, name) for name in names} | {"status": self.status.value}


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a job. `status` is the first failing test's, AC when all pass."""

    status: Verdict
    tests: tuple[TestResult, ...] = ()
    elapsed_ms: float = 0.0
    detail: str = ""
    """Why, where the status is CE or error."""
    total: int = 0
    passed: int = field(default=0)

    @classmethod
    def of(cls, tests: Sequence[TestResult], elapsed_ms: float, total: int | None = None) -> "Report":
        bad = next((test.status for test in tests if test.status is not Verdict.AC), None)
        faults = [test for test in tests if test.status is Verdict.ERROR]
        return cls(
            # A lost test says nothing of the program, so neither can the whole.
            status=Verdict.ERROR if faults else bad or Verdict.AC,
            tests=tuple(tests),
            elapsed_ms=round(elapsed_ms, 3),
            detail=faults[0].stderr if faults else "",
            total=len(tests) if total is None else total,
            passed=sum(test.status is Verdict.AC for test in tests),
        )

    def as_json(self, job_id: Any = None) -> dict[str, Any]:
        """The answer of `assay code`."""
        return {
            "id": job_id,
            "status": self.status.value,
            "passed": self.passed,
            "total": self.total,
            "tests": [test.as_json() for test in self.tests],
            "elapsed_ms": self.elapsed_ms,
            **({"detail": self.detail} if self.detail else {}),
        }


def evidence(data: bytes) -> str:
    """The head of an output, as text."""
    text = data[:EVIDENCE_BYTES].decode("utf-8", "replace")
    return f"{text}… ({len(data)} bytes)" if len(data) > EVIDENCE_BYTES else text


def failure_of(execution: Execution) -> Verdict | None:
    """The verdict that a run deserves whatever it wrote; None: it ended well."""
    if execution.why is not None:
        return _BY_WHY[execution.why]
    return None if execution.code == 0 else Verdict.RE


def result_of(execution: Execution, status: Verdict, weight: float = 1.0) -> TestResult:
    stderr = execution.stderr
    if execution.signal is not None and execution.why is None:
        stderr += f"\n(ended by signal {execution.signal})".encode()
    return TestResult(
        status, execution.wall_ms, execution.peak_mb, evidence(execution.stdout), evidence(stderr), weight
    )


POLICIES = ("all", "fraction", "first_failure", "weighted")


def score(report: Report, policy: str = "all") -> float:
    """The reward of a report, 0 to 1.

    `all`: 1 if every test passed. `fraction`: share of tests passed. `first_failure`: share of tests before the first
    that failed. `weighted`: share of the tests' weights. Raises BadJob for an unknown policy, and ValueError for a
    report of status `error`, which has no score.
    """
    if policy not in POLICIES:
        raise BadJob(f"policy: must be one of {', '.join(POLICIES)}")
    if report.status is Verdict.ERROR:
        raise ValueError("a report of status error has no score: abstain")
    if not report.total:
        return 0.0
    if policy == "all":
        return float(report.passed == report.total)
    if policy == "fraction":
        return report.passed / report.total
    if policy == "first_failure":
        before = next((at for at, test in enumerate(report.tests) if test.status is not Verdict.AC), report.total)
        return before / report.total
    whole = sum(test.weight for test in report.tests)
    return sum(test.weight for test in report.tests if test.status is Verdict.AC) / whole if whole else 0.0
