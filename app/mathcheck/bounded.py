"""SymPy in a process of its own, which is killed when the budget of a question is spent.

The process is started on the first question and asked over its stdin and stdout; after a kill, a crash or a fork of the
caller the next question starts another. One question at a time: the last rung of the ladder is asked rarely.
"""

import atexit
import json
import os
import pickle
import resource
import select
import struct
import subprocess
import sys
import threading
from contextlib import suppress

from app.mathcheck.ast import Node
from app.mathcheck.outcome import Outcome, undecided

BUDGET_S = 10.0
"""Seconds of one question; what SymPy simplifies at all it mostly simplifies within one."""
START_S = 30.0
"""Seconds in which the process must be ready: it imports SymPy, on a loaded machine slowly."""
MEMORY_BYTES = 2 << 30
_LENGTH = struct.Struct("!I")
_PROGRAM = "from app.mathcheck.bounded import serve; serve()"


class Bounded:
    """Whether two scalars are equal, by `symbolic.decide` elsewhere; `undecided` where no answer comes in time."""

    def __init__(self, budget_s: float = BUDGET_S) -> None:
        self.budget_s = budget_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self, a: Node, b: Node) -> Outcome:
        with self._lock:
            try:
                process = self._ready()
                line = None if process is None else self._ask(process, (a, b))
            except OSError:
                line = b""
            if line:
                return Outcome(*json.loads(line))
            self._kill()
            return undecided("SymPy's time is spent" if line is None else "SymPy's process ended")

    def close(self) -> None:
        """End the process, if this one started it."""
        with self._lock:
            self._kill()

    def _ready(self) -> "subprocess.Popen[bytes] | None":
        """A process that waits for a question; None if it is not up in time."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._kill()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # Ctrl-C is the caller's
        )
        return self._process if self._line(self._process, START_S) else None

    def _ask(self, process: "subprocess.Popen[bytes]", question: tuple[Node, Node]) -> bytes | None:
        assert process.stdin is not None
        data = pickle.dumps((self.budget_s, question))
        process.stdin.write(_LENGTH.pack(len(data)) + data)
        process.stdin.flush()
        return self._line(process, self.budget_s)

    def _line(self, process: "subprocess.Popen[bytes]", seconds: float) -> bytes | None:
        """The next line; empty if the process ended, None if none came in time."""
        assert process.stdout is not None
        return process.stdout.readline() if select.select([process.stdout], [], [], seconds)[0] else None

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _close_pipes(process)

    def _forget(self) -> None:
        """In a fork the process is the parent's, and the lock may be held by a thread that is not here."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.returncode = 0  # nothing to wait for
            _close_pipes(process)


def _close_pipes(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what could not be written is of no use any more
                pipe.close()


def serve() -> None:
    """The process: answers each question with a line of JSON until its stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    from app.mathcheck.symbolic import decide  # imported here, where the limits hold

    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    answers.write(b"ready\n")
    answers.flush()
    while len(head := questions.read(_LENGTH.size)) == _LENGTH.size:
        budget_s, (a, b) = pickle.loads(questions.read(_LENGTH.unpack(head)[0]))
        _limit_processor(budget_s)
        answers.write(json.dumps(decide(a, b)).encode() + b"\n")
        answers.flush()


def _limit_processor(budget_s: float) -> None:
    """A process whose caller was killed ends by itself soon after the budget."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + budget_s) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
