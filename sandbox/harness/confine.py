"""Turns a forked process into one with no rights: the last steps before a stranger's code runs in it."""

import os
import resource
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox.harness import kernel

OPEN_FILES = 256
"""Enough for any runtime's libraries; bounds what a program holds in the kernel."""
STACK = 64 << 20
"""Below the gap of 128 MiB that the kernel keeps under the stack of a running interpreter."""
NATIVE_STACK = 512 << 20
"""Judges give compiled programs all of their memory for recursion; pages are counted when touched."""
UNCOUNTED_STACK = 256 << 20
"""The same where no control group counts memory, so that little address space may be free."""
ADDRESS_SLACK = 256 << 20
"""Address space that an interpreter maps and does not touch."""
THREADS, UNCOUNTED_THREADS = 32, 8
"""Threads whose stacks have address space: C libraries give each as much as the first thread may have."""
DEFAULT_SIGNALS = (signal.SIGXFSZ, signal.SIGCHLD, signal.SIGTERM)
NATIVE_DEFAULT_SIGNALS = (*DEFAULT_SIGNALS, signal.SIGPIPE, signal.SIGINT, signal.SIGHUP)
"""What an interpreter, or its parent, had changed and its successor would inherit."""
ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}


_NOT_EVERYWHERE = (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE)
"""gVisor's kernel has nothing there to be limited, and refuses to."""


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

    def writing(self, size: int) -> "Caps":
        """With room for a result file of that size."""
        return replace(self, file=max(self.file, size))


def limits_of(caps: Caps, counted: bool, stack: int) -> list[tuple[int, int, int]]:
    """(which, soft, hard) for each limit of a process. `counted`: its memory is limited elsewhere too."""
    seconds = int(caps.cpu_s) + 1
    equal = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: max(caps.output + 1, caps.file),
        resource.RLIMIT_NPROC: caps.processes,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_STACK: stack,
    }
    if caps.address_space:
        threads = min(caps.processes, THREADS if counted else UNCOUNTED_THREADS)
        equal[resource.RLIMIT_AS] = caps.memory + (4 * ADDRESS_SLACK if counted else ADDRESS_SLACK) + threads * stack
    # One second more before the hard limit, so that the signal names the reason.
    return [*((which, most, most) for which, most in equal.items()), (resource.RLIMIT_CPU, seconds, seconds + 1)]


def within_hard(limits: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The same, none above the hard limits that this process has and its children inherit."""
    return [(which, _least(soft, which), _least(hard, which)) for which, soft, hard in limits]


def _least(wanted: int, which: int) -> int:
    most = resource.getrlimit(which)[1]
    return wanted if most == resource.RLIM_INFINITY else min(wanted, most)


def _limit(limits: list[tuple[int, int, int]]) -> None:
    for which, soft, hard in within_hard(limits):
        try:
            resource.setrlimit(which, (soft, hard))
        except ValueError:
            if which not in _NOT_EVERYWHERE:
                raise


def offer(victim: bool) -> None:
    """Where memory runs out, the kernel kills this process before the harness: a program first, then test code.

    Before /proc can't be written any more: the process must not be able to change it.
    """
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000" if victim else b"500")
        os.close(fd)


def confine(rights: Rights, limits: list[tuple[int, int, int]], descriptors: Sequence[int], private: bool) -> None:
    """Drop everything but the descriptors, renumbered 0, 1, 2, …; launch.c's `confine` does the same.

    `private`: other processes of the same user may not look into this one. Raises OSError where the kernel refuses.
    """
    os.setsid()
    # First out of the way of each other, then into place.
    high = [os.dup2(fd, 200 + at) for at, fd in enumerate(descriptors)]
    for at, fd in enumerate(high):
        os.dup2(fd, at)
    kernel.close_from(len(descriptors))
    for number in DEFAULT_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.chdir(rights.scratch)
    os.umask(0o077)
    _limit(limits)
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
