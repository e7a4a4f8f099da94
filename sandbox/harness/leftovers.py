"""What a run left and nobody wants: files, and processes where no namespace ends them."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sandbox.harness.confine import ENVIRONMENT
from sandbox.harness.meter import processes
from sandbox.harness.supervise import fork_into

ORPHAN_PAUSE = 0.001
"""Seconds between rounds of killing: enough for the children of the killed to become ours."""


def empty(directory: Path) -> None:
    """Remove all that a directory holds. By `rm`: it needs neither stack nor path for what lies a thousand deep."""
    if names := [os.fsencode(path) for path in directory.iterdir()]:
        os.waitpid(os.posix_spawn("/bin/rm", ["rm", "-rf", "--", *names], ENVIRONMENT), 0)


def remove(directory: Path, names: Iterable[str]) -> None:
    """Remove files that this process put below a directory where nobody else may write, and what they lay in."""
    for name in names:
        path = directory / name
        path.unlink(missing_ok=True)
        with suppress(OSError):
            for parent in path.relative_to(directory).parents[:-1]:
                (directory / parent).rmdir()


def kill_users(users: Iterable[int]) -> None:
    """End all processes of users that are programs' alone, each user's at one stroke. The caller must be root."""
    for uid in users:

        def kill(uid: int = uid) -> None:
            os.setresuid(uid, uid, uid)
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)

        os.waitpid(fork_into(kill), 0)


def kill_descendants(users: Iterable[int]) -> None:
    """Without a process namespace: orphans fall to this process, so kill the children until none lives.

    In gVisor's kernel they do not: there it is all of the users' that must be seen to be gone.
    """
    while living := _alive(_ours(users)):
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(ORPHAN_PAUSE)


def _ours(users: Iterable[int]) -> set[int]:
    own = os.getpid()
    try:
        return {int(item) for item in Path(f"/proc/self/task/{own}/children").read_text().split()}
    except FileNotFoundError:  # gVisor's kernel
        return {pid for pid, process in processes().items() if process.parent == own or process.user in users}


def _alive(pids: set[int]) -> set[int]:
    living: set[int] = set()
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                living.add(pid)
    return living
