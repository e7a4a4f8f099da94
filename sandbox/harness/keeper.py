"""Keeps a zygote: starts it in namespaces of its own, and cleans up when it or the sandbox's owner is gone.

Started by the host as a fresh interpreter with an empty environment and two descriptors: the control socket and a
pidfd of the owner, so that even an owner that was killed leaves no process and no control group behind.
"""

import os
import select
import signal
import socket
import sys
from pathlib import Path

from sandbox.harness import kernel, pages, zygote
from sandbox.harness.cgroups import Groups
from sandbox.harness.supervise import end_with

CONTROL_FD, OWNER_FD = 3, 4
FIRST_USER = 1_000_000_000
"""Users of programs, far above all that a machine gives out; the kernel counts a user's processes machine-wide, so
each slot of each sandbox has its own."""
USERS_A_KEEPER = 128
"""Two for each of at most 64 slots."""
ROOT_NAMESPACES = (
    kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWNET
)


def _become_own_root() -> None:
    """An ordinary user gets a user namespace, in which it may make the others. It stays who it is in there."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def main() -> None:
    """Entry of the keeper's process: argument 1 is the plan."""
    plan = zygote.Plan.of(sys.argv[1])
    control = socket.socket(fileno=CONTROL_FD)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    groups = Groups(plan.slots)
    try:
        user = FIRST_USER + os.getpid() * USERS_A_KEEPER
        if os.geteuid() != 0:
            _become_own_root()
            user = None
        pages.join()
        pid = kernel.clone(ROOT_NAMESPACES)
    except OSError as error:
        control.send(f'{{"op": "down", "error": "namespaces refused: {error}"}}'.encode())
        groups.remove()
        return
    if pid == 0:
        end_with(lambda: zygote.serve(plan, control, groups.slots, user))
    control.close()
    _wait(pid)
    groups.remove()


def _wait(pid: int) -> None:
    """Return once the zygote has ended, by itself or because its owner has."""
    child = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(child, select.POLLIN)
    poller.register(OWNER_FD, select.POLLIN)
    ready = [fd for fd, _ in poller.poll()]
    if child not in ready:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
