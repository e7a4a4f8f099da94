"""The sandbox of this process: opened with its first program, and the settings that choose it."""

from functools import cache

from app.rewards.base import Component, abstain
from app.settings import Settings
from app.status import Status
from sandbox import Config, Sandbox, SandboxError, SandboxUnavailable, Verdict

_SLOTS = 1
"""A child scores one item at a time."""

STATUS: dict[Verdict, Status] = {
    Verdict.AC: Status.OK,
    Verdict.WA: Status.OK,
    Verdict.PE: Status.OK,
    Verdict.TLE: Status.TIME_LIMIT,
    Verdict.MLE: Status.MEMORY_LIMIT,
    Verdict.OLE: Status.OUTPUT_LIMIT,
    Verdict.RE: Status.RUNTIME_ERROR,
    Verdict.CE: Status.COMPILE_ERROR,
    Verdict.ERROR: Status.ERROR,
}
"""What a program's verdict is among the statuses of components."""


@cache
def sandbox() -> Sandbox:
    """Raises SandboxUnavailable where no jail of the chosen isolation works; the next call tries again."""
    settings = Settings()
    config = Config(slots=_SLOTS, packages=settings.sandbox_packages, preload=settings.sandbox_preload)
    return Sandbox(settings.sandbox_backend, config).open()


def fault(error: SandboxError) -> Component:
    """The abstention for what is not the program's doing."""
    if isinstance(error, SandboxUnavailable):
        return abstain(Status.SANDBOX_UNAVAILABLE, str(error))
    return abstain(Status.ERROR, f"{type(error).__name__}: {error}")
