"""What works on this machine: each backend is really started and runs one program."""

from typing import NamedTuple

from sandbox.backends import BACKENDS
from sandbox.backends.base import Config
from sandbox.errors import SandboxError
from sandbox.judge import Sandbox
from sandbox.limits import Limits
from sandbox.program import Program

PROBE = "import os; print(os.getuid(), len([f for f in os.listdir('/proc') if f.isdigit()]))"


class Row(NamedTuple):
    """One backend: whether it can be used here, and how or why not."""

    backend: str
    available: bool
    detail: str


def doctor() -> list[Row]:
    """Self-check of every backend, in the order of preference. Takes a second or more for each that starts."""
    return [_row(name) for name in BACKENDS]


def _row(name: str) -> Row:
    try:
        with Sandbox(name, Config(slots=1)) as sandbox:
            execution = sandbox.run(Program("python", PROBE), Limits(wall_s=20))
            detail = sandbox.backend.describe()
    except SandboxError as cause:
        return Row(name, False, str(cause))
    if not execution.ok:
        return Row(name, False, execution.stderr.decode("utf-8", "replace")[-300:] or f"ended by {execution.why}")
    return Row(name, True, detail)
