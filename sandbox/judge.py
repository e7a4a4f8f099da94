"""The long-lived sandbox: opens a backend, runs programs, judges jobs."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeVar

from sandbox import languages
from sandbox.backends import make
from sandbox.backends.base import Backend, Config
from sandbox.compiler import Compiler, Refused
from sandbox.errors import BadJob, SandboxFault
from sandbox.execution import Execution
from sandbox.job import Job, read_job
from sandbox.limits import Limits
from sandbox.modes import function, stdio, tests
from sandbox.pool import Pool
from sandbox.program import FETCHED_BYTES, PYTHON, Program, Ready
from sandbox.report import Report, TestResult, evidence
from sandbox.verdict import Verdict

ATTEMPTS = 2
"""A run that was lost by the sandbox's own fault is tried once more, in another jail."""
Tried = TypeVar("Tried")


class Sandbox:
    """Runs untrusted programs. Open it once, share it between threads, close it at the end.

    `backend`: name of a backend (default `jail`) or one of your own; `config`: slots and packages. `unsafe_subprocess`
    isolates nothing and is refused unless it is named here.
    """

    def __init__(self, backend: str | Backend = "jail", config: Config | None = None) -> None:
        self._backend = make(backend, config or Config()) if isinstance(backend, str) else backend
        self._pool = Pool(self._backend)
        self._compiler = Compiler(self._pool)

    @property
    def backend(self) -> Backend:
        return self._backend

    def open(self) -> "Sandbox":
        """Start. Raises SandboxUnavailable with the reason; then nothing runs."""
        self._pool.open()
        return self

    def close(self) -> None:
        """Stop every run and leave nothing behind. Idempotent."""
        self._pool.close()

    def __enter__(self) -> "Sandbox":
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def run(self, program: Program, limits: Limits | None = None) -> Execution:
        """Run one program on its input, in a fresh jail.

        A compiler's refusal is an Execution too: its status is not 0, and nothing of the program ran. Raises
        BadJob (files that can't be given), UnknownLanguage, SandboxUnavailable, SandboxFault.
        """
        limits = limits or Limits()
        checked = program.check(limits)
        return _tried(lambda: self._execution(checked, limits))

    def _execution(self, program: Program, limits: Limits) -> Execution:
        ready = self._compiler.ready(languages.find(program.language), program.code, limits)
        if isinstance(ready, Refused):
            return replace(ready.execution, compiled=False)
        with self._pool.session() as session:
            ready.load(session)
            session.give(program.files)
            keep = bool(program.files or program.fetch)
            execution = ready.run(session, limits, program.stdin, program.argv, keep=keep)
            if program.fetch:
                execution = replace(execution, files=session.fetch(program.fetch, FETCHED_BYTES))
            return execution

    def judge(self, job: Job | Mapping[str, Any]) -> Report:
        """Test one program.

        `job`: a Job, or the JSON object of one. The program's own failures are verdicts in the report; a status of
        `error` is the sandbox's. Raises BadJob, UnknownLanguage, SandboxUnavailable: nothing is known of the program.
        """
        job = job if isinstance(job, Job) else read_job(job)
        language = languages.find(job.language)
        if job.mode not in ("stdio", "checker") and language.name != PYTHON:
            raise BadJob(f"mode: {job.mode} tests Python programs only, not {language.name}")
        started = time.perf_counter()
        expected = len(job.io) or len(job.calls) or len(job.blocks)
        try:
            results = _tried(lambda: self._results(job, language))
        except SandboxFault as cause:
            return Report(Verdict.ERROR, elapsed_ms=_since(started), detail=str(cause), total=expected)
        return Report.of(results, _since(started), max(len(results), expected))

    def _results(self, job: Job, language: languages.Language) -> list[TestResult]:
        ready = self._compiler.ready(language, job.code, job.limits)
        if isinstance(ready, Refused):
            failed = ready.execution
            refused = TestResult(
                Verdict.CE, failed.wall_ms, failed.peak_mb, "", evidence(failed.stderr or failed.stdout)
            )
            return [refused] * max(1, len(job.io))
        if job.mode == "checker":
            return stdio.judge_checked(self._pool, job, ready, self._checker(job))
        if job.mode == "stdio":
            return stdio.judge(self._pool, job, ready)
        if job.mode == "function":
            return function.judge(self._pool, job, ready)
        return tests.judge(self._pool, job, ready)

    def _checker(self, job: Job) -> Ready:
        checker = self._compiler.ready(languages.find(job.checker_language), job.checker, job.limits)
        if isinstance(checker, Refused):
            raise BadJob(f"checker: does not compile: {evidence(checker.execution.stderr)}")
        return checker


def _tried(attempt: Callable[[], Tried]) -> Tried:
    """What it comes to within ATTEMPTS. Raises the last one's SandboxFault."""
    for _ in range(ATTEMPTS - 1):
        with suppress(SandboxFault):
            return attempt()
    return attempt()


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
