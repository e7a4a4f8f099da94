"""Runs one confined process and watches it: limits while it lives, everything killed when it ends."""

import errno
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, NoReturn

from sandbox.harness import kernel
from sandbox.harness.confine import Caps
from sandbox.harness.edge import attempt
from sandbox.harness.meter import Meter

TICK = 0.05
"""Seconds between looks at what a running program has used; a shorter program is never looked at."""
POLL = 0.003
"""Seconds between looks whether a program has ended, where the kernel does not tell."""
CHUNK = 1 << 20
MOSTLY = 0.1
"""Share of its wall time that a program must have waited for a processor to be given it back."""
MOST_STARVED = 20.0
"""Wall times that a busy machine may take longer; then nothing is known of the program."""
CRASHED = 70
"""Exit status of a process whose harness failed."""


@dataclass
class Outcome:
    """How a run ended. `why`: "wall", "cpu", "memory", "output" where a limit ended it, else None.

    "starved": the machine had no time for it, so it says nothing of the program.
    """

    code: int | None = None
    signal: int | None = None
    why: str | None = None
    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    peak_kb: int = 0

    def header(self) -> dict[str, Any]:
        return {"op": "done", **asdict(self)}


def fork_into(body: Callable[[], None]) -> int:
    """Fork; the child runs `body` and never returns."""
    pid = kernel.fork()
    if pid == 0:
        end_with(body)
    return pid


def end_with(body: Callable[[], None]) -> NoReturn:
    """Run `body`, then leave without the interpreter's own ending. The edge of a process: nothing may pass it."""
    failed = attempt(body)
    if failed is None:
        os._exit(0)
    attempt(lambda: os.write(2, f"harness: {failed!r}\n".encode()))
    os._exit(CRASHED)


class Lines:
    """A run's result channel: a file in memory to which it adds a line for each step that it has done."""

    def __init__(self, fd: int, most: int) -> None:
        """`most`: lines that can be expected; each buys time, so a program must not make up more of them."""
        self._fd = fd
        self._most = most
        self._seen = 0
        self.count = 0

    def grew(self) -> bool:
        """Whether there are more whole lines than at the last look."""
        before = self.count
        while self.count < self._most and (chunk := os.pread(self._fd, CHUNK, self._seen)):
            self._seen += len(chunk)
            self.count += chunk.count(b"\n")
        return self.count > before


class Begun(NamedTuple):
    """How things stood when a run began."""

    at: float
    oom_kills: int
    cpu_s: float


class End(NamedTuple):
    """What the kernel says of a process that has ended."""

    status: int
    wall_s: float
    cpu_s: float
    rss_kb: int


def first_look(caps: Caps) -> int:
    """Milliseconds until the first look at what a program has used."""
    return max(1, int(min(caps.wall_s, TICK) * 1000))


class Watch:
    """Watches one process (and all that it starts) until it ends or breaks a limit."""

    def __init__(
        self, pid: int, caps: Caps, meter: Meter, outputs: Sequence[int], lines: Lines | None = None,
        begun: Begun | None = None,
    ) -> None:  # fmt: skip
        """`begun`: where it did some time ago."""
        self._pid, self._caps, self._meter = pid, caps, meter
        self._outputs, self._lines = outputs, lines
        cpu_s = meter.usage().cpu_s if begun is None and meter.cheap else 0.0
        self._begun = begun or Begun(time.monotonic(), meter.oom_kills(), cpu_s)
        self._peak = 0

    def until_end(self, kill_all: Callable[[], None]) -> Outcome:
        """Wait, then kill what is left. Each new line on the result channel starts the clocks anew."""
        why = self._wait()
        wall = time.monotonic() - self._begun.at
        kill_all()
        _, status, used = os.wait4(self._pid, 0)
        return self.outcome(End(status, wall, used.ru_utime + used.ru_stime, used.ru_maxrss), why)

    def outcome(self, end: End, why: str | None = None) -> Outcome:
        """Of a run whose process has ended, with all that it started."""
        code = os.waitstatus_to_exitcode(end.status)
        outcome = Outcome(
            code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            why=why,
            wall_ms=end.wall_s * 1000,
            cpu_ms=end.cpu_s * 1000,
            peak_kb=(self._meter.peak() or max(self._peak, end.rss_kb * 1024)) // 1024,
        )
        outcome.why = why or self._late_reason(outcome)
        return outcome

    def _late_reason(self, outcome: Outcome) -> str | None:
        if self._meter.oom_kills() > self._begun.oom_kills:
            return "memory"
        if self._too_much_output() or outcome.signal == signal.SIGXFSZ:
            return "output"
        return "cpu" if outcome.signal == signal.SIGXCPU else None

    def _wait(self) -> str | None:
        try:
            process = os.pidfd_open(self._pid)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            return self._watched(lambda seconds: _ended_within(self._pid, seconds))
        poller = select.poll()
        poller.register(process, select.POLLIN)
        try:
            return self._watched(lambda seconds: bool(poller.poll(max(1, int(seconds * 1000)))))
        finally:
            os.close(process)

    def _watched(self, ended_within: Callable[[float], bool]) -> str | None:
        deadline, cpu, starved = self._begun.at + self._caps.wall_s, self._begun.cpu_s, 0.0
        while True:
            left = deadline - time.monotonic()
            if ended_within(min(max(left, 0), TICK)):
                return None
            usage = self._meter.usage()
            if self._lines is not None and self._lines.grew():
                # What comes after the last line is the program's ending: it has the time of one step.
                deadline, cpu, starved = time.monotonic() + self._caps.wall_s, usage.cpu_s, 0.0
            if why := self._broken(usage.cpu_s - cpu, usage.memory):
                return why
            if time.monotonic() < deadline:
                continue
            waited = _waited_s(self._pid) - starved
            if waited < MOSTLY * self._caps.wall_s:
                return "output" if self._too_much_output() else "wall"
            if starved + waited > MOST_STARVED * self._caps.wall_s:
                return "starved"
            # The machine was busy with others: the time in which the program could not run is not its own.
            deadline, starved = deadline + waited, starved + waited

    def _too_much_output(self) -> bool:
        return any(os.fstat(fd).st_size > self._caps.output for fd in self._outputs)

    def _broken(self, cpu_s: float, memory: int) -> str | None:
        self._peak = max(self._peak, memory)
        if memory > self._caps.memory:
            return "memory"
        if self._too_much_output():
            return "output"
        return "cpu" if cpu_s > self._caps.cpu_s else None


def _ended_within(pid: int, seconds: float) -> bool:
    """Where the kernel (gVisor's) has no descriptor of a process to wait for."""
    until = time.monotonic() + seconds
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def _waited_s(pid: int) -> float:
    """How long a process's first thread was ready to run and had no processor."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def reap_all() -> None:
    """Collect every child that there is; blocks until all have ended."""
    with suppress(ChildProcessError):
        while True:
            os.wait()
