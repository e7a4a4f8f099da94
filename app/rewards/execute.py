"""Runs the completion as a program: the reward behind `/v1/execute` and `/run_code`."""

import base64
from typing import Any

from app.rewards.base import CODE_LANE, Component, Params, Sample, abstain, reward
from app.rewards.sandboxed import STATUS, fault, sandbox
from app.status import Status
from sandbox import BadJob, Execution, Program, SandboxError, UnknownLanguage, Verdict, read_limits

_MAX_TEXT = 1 << 20
"""Bytes of each output that come back."""
_WHY = {"wall": Verdict.TLE, "cpu": Verdict.TLE, "memory": Verdict.MLE, "output": Verdict.OLE}


class ExecuteParams(Params):
    """Parameters of `execute`: none. Language, input and limits are the reference's."""


@reward("execute", version=1, params=ExecuteParams, lane=CODE_LANE)
def execute(sample: Sample, params: ExecuteParams) -> Component:
    """1 if the completion, run as a program in the sandbox, exits with 0 within its limits; else 0.

    The reference is `{"kind": "program", "language", "stdin", "args", "limits", "files", "fetch_files"}`; `files` are
    paths in the working directory and contents in base64, `fetch_files` paths to bring back. The evidence has what the
    program wrote and used.
    Range: {0, 1}.
    Source: SandboxFusion, `/run_code`.
    Example: a program that ends with exit code 0: 1.
    """
    given = sample.reference
    try:
        limits = read_limits(given.get("limits"))
        program = Program(
            str(given.get("language", "python")),
            sample.completion,
            str(given.get("stdin") or "").encode("utf-8", "replace"),
            tuple(map(str, given.get("args") or ())),
            _contents(given.get("files") or {}),
            tuple(map(str, given.get("fetch_files") or ())),
        )
        execution = sandbox().run(program, limits)
    except (BadJob, UnknownLanguage) as error:
        return abstain(Status.BAD_REFERENCE, str(error))
    except SandboxError as error:
        return fault(error)
    return Component(float(execution.ok), _status(execution), _evidence(execution))


def _contents(files: dict[str, str]) -> dict[str, bytes]:
    try:
        return {str(name): base64.b64decode(content, validate=True) for name, content in files.items()}
    except ValueError as error:
        raise BadJob(f"files: no base64: {error}") from error


def _status(execution: Execution) -> Status:
    if not execution.compiled:
        return Status.COMPILE_ERROR
    if execution.ok:
        return Status.OK
    return STATUS[_WHY[execution.why] if execution.why else Verdict.RE]


def _evidence(execution: Execution) -> dict[str, Any]:
    return {
        "compiled": execution.compiled,
        "exit_code": execution.code,
        "signal": execution.signal,
        "limit": execution.why,
        "wall_ms": execution.wall_ms,
        "cpu_ms": execution.cpu_ms,
        "peak_mb": execution.peak_mb,
        "stdout": execution.stdout[:_MAX_TEXT].decode("utf-8", "replace"),
        "stderr": execution.stderr[:_MAX_TEXT].decode("utf-8", "replace"),
        "files": {name: base64.b64encode(content).decode() for name, content in execution.files.items()},
    }
