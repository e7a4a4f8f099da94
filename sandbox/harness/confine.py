"""Turns a forked process into one with no rights: the last steps before a stranger's code runs in it."""

import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sandbox.harness import kernel

OPEN_FILES = 256
"""Enough for any runtime's libraries; bounds what a program holds in the kernel."""
STACK = 64 << 20
"""Below the gap of 128 MiB that the kernel keeps under the stack of a running interpreter."""
NATIVE_STACK = 512 << 20
"""Judges give compiled programs all of their memory for recursion; pages are counted when touched."""
ADDRESS_SLACK = 256 << 20
"""Address space that an interpreter maps and does not touch."""
FIRST_EXTRA = 3
ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Rights:
    """What a confined process keeps. `uid` None: it stays who it is (a backend without isolation)."""

    uid: int | None
    filter: bytes | None
    scratch: str


@dataclass(frozen=True)
class Caps:
    """Limits of one run, in the units of the wire."""

    wall_s: float
    cpu_s: float
    memory: int
    output: int
    processes: int
    file: int
    disk: int
    address_space: bool
    """Whether the address space may be limited: not with runtimes that reserve more than they use."""

    @classmethod
    def of(cls, header: dict[str, Any]) -> "Caps":
        return cls(**header)


def _set(which: int, soft: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(which, (value, value))


def _limits(caps: Caps, counted: bool, stack: int) -> None:
    seconds = int(caps.cpu_s) + 1
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, max(caps.output + 1, caps.file)),
        (resource.RLIMIT_NPROC, caps.processes),
        (resource.RLIMIT_MEMLOCK, 1 << 16),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_STACK, stack),
    ):
        _set(which, value)
    # One second more before the hard limit, so that the signal names the reason.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if caps.address_space:
        _set(resource.RLIMIT_AS, caps.memory + (4 * ADDRESS_SLACK if counted else ADDRESS_SLACK))


def confine(
    rights: Rights, caps: Caps, descriptors: list[int], *, counted: bool, stack: int = STACK, private: bool = False
) -> None:
    """Drop everything but the descriptors, renumbered 0, 1, 2, ….

    `counted`: memory of the tree is limited elsewhere, so that the address space may have slack. `private`: other
    processes of the same user may not look into this one. Raises OSError where the kernel refuses.
    """
    os.setsid()
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")  # where the whole machine has no memory left, programs are the first to go
        os.close(fd)
    # First out of the way of each other, then into place.
    high = [os.dup2(fd, 200 + at) for at, fd in enumerate(descriptors)]
    for at, fd in enumerate(high):
        os.dup2(fd, at)
    kernel.close_from(len(descriptors))
    for number in (signal.SIGXFSZ, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(rights.scratch)
    os.umask(0o077)
    _limits(caps, counted, stack)
    if rights.uid is not None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(rights.uid, rights.uid, rights.uid)
            os.setresuid(rights.uid, rights.uid, rights.uid)
        kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    # A change of user makes a process undumpable; its own /proc/self would then belong to root.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0 if private else 1)
    if rights.filter is not None:
        kernel.install_filter(rights.filter)
