"""Whole programs: input in, output out, the comparison here, outside the jail."""

from collections.abc import Callable

from sandbox.execution import Execution
from sandbox.job import IoTest, Job
from sandbox.pool import Pool
from sandbox.program import CODE_BYTES, PYTHON, Ready, is_syntax_error, with_files
from sandbox.report import TestResult, failure_of, result_of
from sandbox.session import Session
from sandbox.verdict import Verdict

MOST_TIMEOUTS = 3
"""Time-outs in a row after which a program gets no more tests: each costs a slot its whole wall time."""
AHEAD = 2
"""Runs under way at once, of which one runs: a jail never waits for this side."""
TIMES = ("wall", "cpu")
NOT_RUN = "not run: {} tests before it ran out of time"
CHECKER_VERDICTS = {0: Verdict.AC, 1: Verdict.WA, 2: Verdict.PE}
"""Exit statuses of a checker, as testlib's; any other is WA: what breaks a checker is no answer."""


def _stdin(test: IoTest) -> bytes:
    return test.input.encode("utf-8", "replace")


class Runs:
    """The runs of a program on one test after the other, each asked for before the last one is answered."""

    def __init__(self, session: Session, job: Job, ready: Ready) -> None:
        self._session, self._job, self._ready = session, job, ready
        self._caps = ready.caps(job.limits)
        self._asked = self._answered = 0
        self._code = b""
        self._tells = ready.language.name == PYTHON and len(job.io) > 1
        # What is asked for has to be waited for, so not where the next test may not be wanted.
        self._ahead = not job.stop_early

    def next(self) -> Execution:
        """The next test's. Raises SandboxFault."""
        while self._asked == self._answered or self._may_ask():
            test = self._job.io[self._asked]
            tell = self._tells and self._asked == 0
            self._ready.start(self._session, self._job.limits, _stdin(test), code=self._code, tell=tell)
            self._asked += 1
        execution = self._session.finish(self._caps)
        if self._tells and self._answered == 0 and len(code := execution.more[0]) < CODE_BYTES:
            self._code = code
        self._answered += 1
        self._ahead = self._ahead and execution.why not in TIMES
        return execution

    def _may_ask(self) -> bool:
        return self._ahead and self._asked < min(self._answered + AHEAD, len(self._job.io))


def runs(pool: Pool, job: Job, ready: Ready, stop: Callable[[IoTest, Execution], bool]) -> list[Execution]:
    """Run every test, each in a jail of its own; fewer where `stop` or time-outs end it."""
    done: list[Execution] = []
    timeouts = 0
    with pool.session() as session:
        ready.load(session)
        each = Runs(session, job, ready)
        for test in job.io:
            execution = each.next()
            done.append(execution)
            timeouts = timeouts + 1 if execution.why in TIMES else 0
            if timeouts == MOST_TIMEOUTS or stop(test, execution):
                break
    return done


def status_of(job: Job, test: IoTest, execution: Execution) -> Verdict:
    failed = failure_of(execution)
    if failed is Verdict.RE and job.language == "python" and is_syntax_error(execution):
        return Verdict.CE
    return failed or job.comparison(test.output, execution.stdout.decode("utf-8", "replace"))


def judge(pool: Pool, job: Job, ready: Ready) -> list[TestResult]:
    """Compare each output with the expected one."""

    def stop(test: IoTest, execution: Execution) -> bool:
        return job.stop_early and status_of(job, test, execution) is not Verdict.AC

    done = runs(pool, job, ready, stop)
    results = [
        result_of(execution, status_of(job, test, execution), test.weight)
        for test, execution in zip(job.io, done, strict=False)
    ]
    return results if job.stop_early and len(results) < len(job.io) else padded(results, job.io)


def padded(results: list[TestResult], tests: tuple[IoTest, ...]) -> list[TestResult]:
    """With a TLE for each test that was not run any more."""
    rest = tests[len(results) :]
    return results + [TestResult(Verdict.TLE, stderr=NOT_RUN.format(MOST_TIMEOUTS), weight=t.weight) for t in rest]


def judge_checked(pool: Pool, job: Job, ready: Ready, checker: Ready) -> list[TestResult]:
    """Let a checker program decide each output. It runs in a jail of its own, that the program never was in."""
    done = runs(pool, job, ready, lambda _, execution: job.stop_early and not execution.ok)
    results: list[TestResult] = []
    for test, execution in zip(job.io, done, strict=False):
        failed = failure_of(execution)
        status = failed or _checked(pool, job, checker, test, execution.stdout)
        results.append(result_of(execution, status, test.weight))
        if job.stop_early and status is not Verdict.AC:
            return results
    return padded(results, job.io)


def _checked(pool: Pool, job: Job, checker: Ready, test: IoTest, output: bytes) -> Verdict:
    names = {"input": _stdin(test), "output": output, "answer": test.output.encode("utf-8", "replace")}
    with pool.session() as session:
        with_files(checker, names).load(session)
        execution = checker.run(session, job.limits, b"", tuple(f"/box/{name}" for name in names))
    if execution.code is None or execution.why is not None:
        return Verdict.WA
    return CHECKER_VERDICTS.get(execution.code, Verdict.WA)
