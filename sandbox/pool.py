"""The long-lived object that owns a backend's slots and lends them to jobs."""

import threading
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType

from sandbox.backends.base import Backend
from sandbox.errors import SandboxError, SandboxFault, SandboxUnavailable
from sandbox.harness.direct import Direct, Line, Streamed
from sandbox.session import Session

WAIT_S = 3600.0
"""How long a job may wait for a slot; callers bound their own queues, this only ends a forgotten one."""


class _Turns:
    """Free slots, handed to waiting threads in the order in which they came: a plain queue lets one starve."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[int] = []
        self._waiting: deque[Future[int]] = deque()

    def put(self, number: int) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set_result(number)
            else:
                self._free.append(number)

    def get(self) -> int:
        """Raises SandboxUnavailable after WAIT_S."""
        with self._lock:
            if self._free:
                return self._free.pop()
            turn: Future[int] = Future()
            self._waiting.append(turn)
        try:
            return turn.result(WAIT_S)
        except TimeoutError as cause:
            raise SandboxUnavailable("no slot became free") from cause


class Pool:
    """Slots of one backend. Thread-safe; a session is used by the thread that asked for it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._free = _Turns()
        self._lines: dict[int, Line] = {}
        self._lock = threading.Lock()
        self._open = False

    @property
    def backend(self) -> Backend:
        return self._backend

    def open(self) -> "Pool":
        """Start the backend and all slots; does nothing if they are. Raises SandboxUnavailable: nothing was started."""
        if self._open:
            return self
        self._backend.open()
        self._open = True
        try:
            for number in range(self._backend.config.slots):
                self._lines[number] = self._line(number)
                self._free.put(number)
        except SandboxError:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End every slot, its runs included. Idempotent."""
        with self._lock:
            self._open = False
            lines, self._lines = self._lines, {}
        for line in lines.values():
            line.close()
        self._backend.close()

    def __enter__(self) -> "Pool":
        return self.open()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def session(self) -> Generator[Session]:
        """A fresh jail for one job. Raises SandboxUnavailable, SandboxFault; a lost slot is replaced."""
        if not self._open:
            raise SandboxUnavailable(f"{self._backend.name}: not open")
        number = self._free.get()
        whole = False
        try:
            if number not in self._lines:
                self._replace(number)
            session = Session(self._lines[number])
            session.begin()
            yield session
            session.end()
            whole = True
        finally:
            if not whole:
                self._drop(number)
            self._free.put(number)

    def _line(self, number: int) -> Line:
        channel = self._backend.slot(number)
        return Direct(channel) if self._backend.descriptors else Streamed(channel)

    def _drop(self, number: int) -> None:
        """Close a slot whose state is not known: its jail ends, and the next job starts another."""
        with self._lock:
            line = self._lines.pop(number, None)
        if line is not None:
            line.close()

    def _replace(self, number: int) -> None:
        line = self._line(number)
        with self._lock:
            if self._open:
                self._lines[number] = line
                return
        line.close()
        raise SandboxFault("the sandbox was closed")
