"""One slot: makes a jail, waits for its end, makes the next one. The next job finds its jail already built."""

import os
import signal
import socket
from contextlib import suppress

from sandbox.harness import kernel, wire
from sandbox.harness.jail import Jail, Setting, enter
from sandbox.harness.supervise import CRASHED


def _protect() -> None:
    """Where there is no memory left, a program is killed and not what watches it."""
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"-1000")
        os.close(fd)


def serve(setting: Setting, channel: socket.socket) -> None:
    """Serve jobs until the host closes the channel, or a jail can't be built (told by a `down` message)."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _protect()
    if setting.namespaces:
        kernel.unshare(kernel.CLONE_NEWNET)

    def body() -> None:
        Jail(setting, channel).serve()

    while True:
        try:
            pid = enter(setting, body)
        except OSError as error:
            wire.send(channel, {"op": "down", "error": str(error)})
            return
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == CRASHED:
            with suppress(OSError):
                wire.send(channel, {"op": "down", "error": "the jail could not be built, or its harness failed"})
            return
        if _closed(channel):
            return


def _closed(channel: socket.socket) -> bool:
    with suppress(BlockingIOError):
        return not channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return False
