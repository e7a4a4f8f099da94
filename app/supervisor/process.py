"""One process that the supervisor keeps."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import structlog

_log = structlog.get_logger(__name__)
_PR_SET_PDEATHSIG = 1
_FAST_DEATH_S = 2.0
"""A process that lived shorter than this is restarted after a pause, so that a crash loop does not eat a core."""
_RESTART_PAUSE_S = 1.0
_libc = ctypes.CDLL(None)


class Managed:
    """A named process in a session of its own, its output in a log file, ended when the supervisor dies."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], log_dir: Path) -> None:
        self.name = name
        self.log_file = log_dir / f"{name}.log"
        self.starts = 0
        self._arguments = arguments
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        self.starts += 1
        with self.log_file.open("ab") as log:
            self._process = await self._spawn(log)

    async def _spawn(self, log: IO[bytes]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=self._environment,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
        )

    async def wait(self) -> int:
        """Exit status; raises RuntimeError if it was never started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return await self._process.wait()

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, then SIGKILL to its whole session once the grace period is over."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(grace_s):
                    await self._process.wait()
            except TimeoutError:
                _log.warning("killed", name=self.name, grace_s=grace_s)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    def last_lines(self, count: int = 20) -> str:
        """The end of its log, to show when it would not start."""
        lines = self.log_file.read_text("utf-8", "replace").splitlines() if self.log_file.exists() else []
        return "\n".join(lines[-count:])


async def keep(process: Managed) -> None:
    """Restart a process whenever it dies."""
    started = time.monotonic()
    while True:
        status = await process.wait()
        _log.error("died", name=process.name, status=status, log=str(process.log_file))
        if time.monotonic() - started < _FAST_DEATH_S:
            await asyncio.sleep(_RESTART_PAUSE_S)
        started = time.monotonic()
        await process.start()


def _die_with(parent: int) -> Callable[[], None]:
    def before_exec() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)

    return before_exec
