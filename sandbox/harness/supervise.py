"""Runs one confined process and watches it: limits while it lives, everything killed when it ends."""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from sandbox.harness import kernel
from sandbox.harness.confine import Caps
from sandbox.harness.edge import attempt
from sandbox.harness.meter import Meter

TICK = 0.05
"""Seconds between looks at what a running program has used; a shorter program is never looked at."""
CHUNK = 1 << 16
RESULT_BYTES = 64 << 20
"""What a program may write on its result channel."""
CRASHED = 70
"""Exit status of a process whose harness failed."""


@dataclass
class Outcome:
    """How a run ended. `why`: "wall", "cpu", "memory", "output" where a limit ended it, else None."""

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


class Output:
    """A program's output: a file in memory, so that nothing has to be read while it runs."""

    def __init__(self, name: str, content: bytes = b"") -> None:
        self.fd = os.memfd_create(name)
        if content:
            _write_all(self.fd, content)
            os.lseek(self.fd, 0, os.SEEK_SET)

    def appending(self) -> "Output":
        """Make several writers add to each other's output, never write over it."""
        import fcntl

        fcntl.fcntl(self.fd, fcntl.F_SETFL, os.O_APPEND)
        return self

    @property
    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def take(self, limit: int) -> bytes:
        """The first `limit` bytes; closes the file."""
        data = os.pread(self.fd, min(self.size, limit), 0) if self.size else b""
        os.close(self.fd)
        return data


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Watch:
    """Watches one process (and all that it starts) until it ends or breaks a limit."""

    def __init__(
        self,
        pid: int,
        caps: Caps,
        meter: Meter,
        outputs: list[Output],
        kill_all: Callable[[], None],
        most_lines: int | None = None,
    ) -> None:
        """`most_lines`: lines on the result channel after which the run is ended; None: its writer is trusted."""
        self._pid, self._caps, self._meter = pid, caps, meter
        self._outputs, self._kill_all = outputs, kill_all
        self._lines_left = most_lines
        self._started = time.monotonic()
        self._oom_before = meter.oom_kills()
        self._peak = 0
        self._received = 0

    def until_end(self, results: int | None = None, forward: Callable[[bytes], None] | None = None) -> Outcome:
        """Wait. Each line on `results` is handed to `forward` and starts the clocks anew."""
        why = self._wait(results, forward)
        wall = time.monotonic() - self._started
        self._kill_all()
        _, status, used = os.wait4(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        outcome = Outcome(
            code=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            why=why,
            wall_ms=wall * 1000,
            cpu_ms=(used.ru_utime + used.ru_stime) * 1000,
            peak_kb=(self._meter.peak() or max(self._peak, used.ru_maxrss * 1024)) // 1024,
        )
        outcome.why = why or self._late_reason(outcome)
        return outcome

    def _late_reason(self, outcome: Outcome) -> str | None:
        if self._meter.oom_kills() > self._oom_before:
            return "memory"
        if any(output.size > self._caps.output for output in self._outputs) or outcome.signal == signal.SIGXFSZ:
            return "output"
        return "cpu" if outcome.signal == signal.SIGXCPU else None

    def _wait(self, results: int | None, forward: Callable[[bytes], None] | None) -> str | None:
        poller = select.poll()
        process = os.pidfd_open(self._pid)
        poller.register(process, select.POLLIN)
        if results is not None:
            poller.register(results, select.POLLIN)
        deadline, cpu = self._started + self._caps.wall_s, None
        try:
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    return "output" if self._too_much_output() else "wall"
                ready = [fd for fd, _ in poller.poll(max(1, int(min(left, TICK) * 1000)))]
                if results in ready and forward is not None:
                    chunk = os.read(results or 0, CHUNK)
                    if not chunk:
                        poller.unregister(results or 0)
                    if self._received_too_much(chunk):
                        return "output"
                    forward(chunk)
                    if lines := chunk.count(b"\n"):
                        # Each line gives the next call its own time, so a program must not make up more of them.
                        if self._told_too_often(lines):
                            return "output"
                        deadline, cpu = time.monotonic() + self._caps.wall_s, None
                elif process in ready:
                    return None
                elif not ready:
                    usage = self._meter.usage()
                    cpu = usage.cpu_s if cpu is None else cpu
                    if why := self._broken(usage.cpu_s - cpu, usage.memory):
                        return why
        finally:
            os.close(process)

    def _received_too_much(self, chunk: bytes) -> bool:
        self._received += len(chunk)
        return self._received > RESULT_BYTES

    def _told_too_often(self, lines: int) -> bool:
        if self._lines_left is None:
            return False
        self._lines_left -= lines
        return self._lines_left < 0

    def _too_much_output(self) -> bool:
        return any(output.size > self._caps.output for output in self._outputs)

    def _broken(self, cpu_s: float, memory: int) -> str | None:
        self._peak = max(self._peak, memory)
        if memory > self._caps.memory:
            return "memory"
        if self._too_much_output():
            return "output"
        return "cpu" if cpu_s > self._caps.cpu_s else None


def reap_all() -> None:
    """Collect every child that there is; blocks until all have ended."""
    with suppress(ChildProcessError):
        while True:
            os.wait()
