"""The processes of one run: started in namespaces of their own, killed together."""

import os
import signal

from sandbox.harness.confine import Caps
from sandbox.harness.launcher import Launcher, Start
from sandbox.harness.leftovers import kill_descendants, kill_users
from sandbox.harness.meter import Meter
from sandbox.harness.repeat import Handed
from sandbox.harness.supervise import reap_all


class Unconfined(Exception):
    """A process could not be given up its rights; nothing of the program ran in it."""


class Jail:
    """The processes of one run."""

    def __init__(self, launcher: Launcher, meter: Meter, caps: Caps) -> None:
        self._launcher, self._meter = launcher, meter
        self.caps = caps
        self._inits: list[tuple[int, int]] = []
        self._started = 0

    @classmethod
    def of(cls, launcher: Launcher, meter: Meter, run: Handed) -> "Jail":
        """That of a run of one process, which was started elsewhere."""
        jail = cls(launcher, meter, run.caps)
        jail._started = 1
        if run.init is not None:
            meter.own.add(run.init[0])
            jail._inits.append(run.init)
        return jail

    def start(self, start: Start) -> int:
        """Start a process in a namespace of its own. Raises OSError."""
        place, self._started = self._started, self._started + 1
        if self._launcher.setting.namespaces:
            pid = self._launcher.init(start, place)
            self._meter.own.add(pid)
            self._inits.append((pid, os.pidfd_open(pid)))
        return self._launcher.start(start, self._inits[-1][1] if self._inits else None, place)

    def kill_all(self) -> None:
        """End every process; those that were started are left to be waited for."""
        for pid, _ in self._inits:
            os.kill(pid, signal.SIGKILL)
        if not self._launcher.setting.namespaces:
            users = self._launcher.setting.users
            kill_users(users)
            kill_descendants(users)

    def close(self) -> None:
        """Make sure that nothing is left. Raises Unconfined."""
        self.kill_all()
        reap_all()
        for pid, fd in self._inits:
            self._meter.own.discard(pid)
            os.close(fd)
        self._inits.clear()
        for place in range(self._started):
            if failure := self._launcher.failure(place):
                raise Unconfined(failure)
