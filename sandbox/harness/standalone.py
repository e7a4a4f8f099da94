"""A slot without namespaces of its own: for backends that isolate by other means, or not at all.

Argument 1 is a Plan as JSON. Channel: descriptor 3, or standard input and output where a container's runtime has
no other stream to give.
"""

import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.harness import kernel, seccomp, slot
from sandbox.harness.direct import relay
from sandbox.harness.launcher import Setting
from sandbox.harness.meter import Meter
from sandbox.harness.zygote import warm

CHANNEL_FD = 3
CHUNK = 1 << 16


@dataclass(frozen=True)
class Plan:
    """What the host asks of a slot; travels as JSON."""

    box: str
    scratch: str
    search: list[str]
    preload: list[str]
    uid: int | None = None
    """User of programs, the next one being that of tests; None: this process's own."""
    filtered: bool = False
    contained: bool = False
    """Whether it is alone in a container: its channel is standard input and output, its /tmp is in memory."""


def main() -> None:
    """Entry of the slot's process."""
    plan = Plan(**json.loads(sys.argv[1]))
    warm(plan.search, plan.preload)
    channel = _pumped() if plan.contained else socket.socket(fileno=CHANNEL_FD)
    rights = seccomp.build(kernel.MACHINE, counted=False) if plan.filtered else None
    if plan.contained:
        _no_shared_directory()
        # Container runtimes give a file system in memory the rights of the image's directory, whatever they were told.
        Path(plan.scratch).chmod(0o1777)
        Path(plan.box).chmod(0o755)
    users = () if plan.uid is None else (plan.uid, plan.uid + 1)
    meter = Meter({}, plan.scratch if plan.contained else None, users)
    setting = Setting(False, plan.uid, rights, plan.box, plan.scratch, plan.search, alone=plan.contained)
    slot.serve(setting, meter, channel)


def _no_shared_directory() -> None:
    """Let what programs leave in /dev/shm be in their /tmp, which is emptied after each of them."""
    shared = Path("/dev/shm")
    with suppress(OSError):
        if shared.exists():
            shared.rmdir()
        shared.symlink_to("/tmp")


def _pumped() -> socket.socket:
    """The slot's end of a socket, in a child; this process stands between it and standard input and output."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        return theirs
    theirs.close()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    stream, end = socket.socketpair()
    if os.fork() == 0:
        stream.close()
        relay(end, ours)
        os._exit(0)
    end.close()
    ours.close()
    ends = {0: stream.fileno(), stream.fileno(): 1}
    while True:
        for source in select.select(list(ends), [], [])[0]:
            try:
                data = os.read(source, CHUNK)
            except ConnectionError:
                data = b""
            if not data:
                os._exit(0)
            _write(ends[source], data)


def _write(fd: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:  # gVisor's kernel makes what it is given from outside non-blocking
            select.select([], [fd], [])
