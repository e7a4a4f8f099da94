"""What a run left and nobody wants: files, and processes where no namespace ends them."""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

ORPHAN_PAUSE = 0.001
"""Seconds between rounds of killing: enough for the children of the killed to become ours."""


def empty(directory: Path) -> None:
    """Remove all that a directory holds."""
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def kill_descendants() -> None:
    """Without a process namespace: orphans fall to this process, so kill the children until none lives."""
    while living := _alive(_children()):
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(ORPHAN_PAUSE)


def _children() -> set[int]:
    return {int(item) for item in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def _alive(pids: set[int]) -> set[int]:
    living: set[int] = set()
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                living.add(pid)
    return living
