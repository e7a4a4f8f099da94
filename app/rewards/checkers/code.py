"""Programs, by running their tests in the sandbox."""

from collections.abc import Mapping
from typing import Any, cast

from app.mathcheck import NoAnswer
from app.rewards.base import CODE_LANE, Component, Sample, abstain
from app.rewards.checkers.answers import no_answer, outside
from app.rewards.checkers.base import BadPolicy, checker, read_policy
from app.rewards.sandboxed import STATUS, fault, sandbox
from app.status import Status
from sandbox import POLICIES, BadJob, Report, SandboxError, UnknownLanguage, Verdict, extract, score
from sandbox.extract import Policy as Blocks

_DEFAULTS: dict[str, Any] = {"score": "all", "blocks": "last", "bare": False}
_WHOLE = "whole"
"""For callers that send programs, not completions: their strings may hold fences and tags."""
_BLOCKS = ("last", "first", "longest", "only", "join", _WHOLE)
_SHOWN_CHARS = 500
"""As much of a failing test's outputs as evidence shows."""
_FILL = "fill"
_NOT_THE_JOBS = frozenset(("kind", "policy"))


@checker("code", lane=CODE_LANE)
def code(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """The share of tests passed, as the policy counts it; by default 1 if all pass, else 0.

    Policy: `score` (`all`, `fraction`, `first_failure`, `weighted`); `blocks`, which of several fenced blocks is the
    program (`last`, `first`, `longest`, `only`, `join`; `whole`: the completion is the program); `bare`, whether a
    completion without a fence is a program.
    """
    chosen = read_policy(policy, _DEFAULTS)
    if chosen["score"] not in POLICIES or chosen["blocks"] not in _BLOCKS:
        raise BadPolicy(f"score: one of {', '.join(POLICIES)}; blocks: one of {', '.join(_BLOCKS)}")
    reference = sample.reference
    try:
        program = _program(sample, chosen["blocks"], chosen["bare"] or reference.get("mode") == _FILL)
        if isinstance(program, NoAnswer):
            return no_answer(program)
        job = {name: value for name, value in reference.items() if name not in _NOT_THE_JOBS}
        report = sandbox().judge({**job, "code": program, "prompt": sample.prompt, "policy": chosen["score"]})
    except (BadJob, UnknownLanguage) as error:
        return abstain(Status.BAD_REFERENCE, str(error))
    except SandboxError as error:
        return fault(error)
    if report.status is Verdict.ERROR:
        return abstain(Status.ERROR, report.detail)
    return Component(score(report, chosen["score"]), STATUS[report.status], _evidence(report))


def _program(sample: Sample, blocks: str, bare: bool) -> str | NoAnswer:
    """The program in a completion: a fenced block after the thought, or all that stands there."""
    if blocks == _WHOLE:
        return sample.completion
    found = outside(sample.completion)
    if isinstance(found, NoAnswer):
        return found
    program = extract(sample.completion, sample.reference.get("language") or "python", cast("Blocks", blocks))
    if program is not None:
        return program
    if not bare:
        return NoAnswer("no fenced block of the language")
    # A body to be filled in keeps the indentation of its first line, which the answer's span has lost.
    start = sample.completion.rfind("\n", 0, found.start) + 1
    indent = sample.completion[start : found.start]
    return sample.completion[start if not indent.strip() else found.start : found.end]


def _evidence(report: Report) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "verdict": report.status.value,
        "passed": report.passed,
        "total": report.total,
        "elapsed_ms": report.elapsed_ms,
    }
    failing = next((n for n, test in enumerate(report.tests) if test.status is not Verdict.AC), None)
    if failing is not None:
        test = report.tests[failing]
        evidence["failing"] = {
            "test": failing,
            "verdict": test.status.value,
            "ms": test.ms,
            "stdout": test.stdout[:_SHOWN_CHARS],
            "stderr": test.stderr[-_SHOWN_CHARS:],
        }
    return evidence
