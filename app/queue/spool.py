"""Large payloads as files, where the queue's server is one of this machine: only their places go through the queue.

A payload in the queue is copied by every process that it passes through, and written to the server's log. In a file it
is written once and read once, by the child that scores it. Files are used again, for a new one costs more than what is
written to it; the number at a file's beginning is that of the payload it holds now.
"""

import fcntl
import os
import re
import shutil
import struct
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from app.queue.keys import PRIORITIES
from app.rewards.base import LANES

LARGE_BYTES = 64 * 1024
"""A smaller payload costs less in the queue than in a file."""
_KEPT = 64
"""Files kept to be used again: as many as a request of four thousand items of 16 KB needs, 80 MB."""
_FOLDER = re.compile("[0-9a-f]{16}")
_HELD = "held"
_QUEUES = [(lane, priority) for lane in LANES for priority in PRIORITIES]
_NUMBER = struct.Struct("=Q")
_COUNTS = struct.Struct(f"={len(_QUEUES)}Q")


class Gone(Exception):
    """A payload is not there: nobody waits for it any more, or somebody deleted its file."""


class Filed(NamedTuple):
    """Where a payload is."""

    path: str
    number: int
    size: int

    def __bytes__(self) -> bytes:
        return b"%d %d %b" % (self.number, self.size, os.fsencode(self.path))

    @classmethod
    def from_bytes(cls, encoded: bytes) -> "Filed":
        """Raises ValueError."""
        number, size, path = encoded.split(b" ", 2)
        return cls(os.fsdecode(path), int(number), int(size))

    def read(self, room: Callable[[int], memoryview]) -> memoryview:
        """The payload, in `room` for so many bytes. Raises Gone."""
        whole = room(_NUMBER.size + self.size)
        try:
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123
                got = file.readinto(whole)
                # The number is written before anything else: while it is the same, so was all that was read before.
                number = os.pread(file.fileno(), _NUMBER.size, 0)
        except OSError as error:
            raise Gone(str(error)) from None
        if got != len(whole) or number != _NUMBER.pack(self.number):
            raise Gone(f"{self.path} holds something else")
        return whole[_NUMBER.size :]


class _Held(NamedTuple):
    """A payload in its file."""

    path: str
    queue: int
    size: int


class Spool:
    """The files of one process, in a folder of its own beside those of others."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of all processes."""
        self._all = folder
        self._own = folder
        self._lock = -1
        self._numbers = count(1)
        self._used: dict[int, _Held] = {}
        self._free: list[str] = []
        self._counts = [0] * len(_QUEUES)
        self._counted = -1

    def open(self) -> None:
        """Begin; what dead processes left is deleted."""
        self._own, self._lock = _claimed(self._all)
        self._counted = os.open(self._own / _HELD, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        for other in self._folders():
            _delete_if_dead(other)

    def put(self, lane: str, priority: str, payload: bytes | bytearray) -> Filed | None:
        """Keep a payload for a queue; None where the disk does not take it."""
        number = next(self._numbers)
        path = self._free.pop() if self._free else str(self._own / str(number))
        try:
            file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                written = os.writev(file, (_NUMBER.pack(number), payload))
            finally:
                os.close(file)
        except OSError:
            written = 0
        if written != _NUMBER.size + len(payload):
            Path(path).unlink(missing_ok=True)
            return None
        held = self._used[number] = _Held(path, _QUEUES.index((lane, priority)), len(payload))
        self._count(held.queue, held.size)
        return Filed(path, number, held.size)

    def drop(self, filed: Filed) -> None:
        """Nobody needs it any more."""
        held = self._used.pop(filed.number, None)
        if held is None:
            return
        self._count(held.queue, -held.size)
        if len(self._free) < _KEPT:
            self._free.append(held.path)
        else:
            Path(held.path).unlink(missing_ok=True)

    def sizes(self) -> Counter[tuple[str, str]]:
        """Bytes by lane and priority, of all processes."""
        found = Counter[tuple[str, str]]()
        for folder in self._folders():
            try:
                counts = (folder / _HELD).read_bytes()
            except OSError:
                continue
            if len(counts) == _COUNTS.size:
                found.update(dict(zip(_QUEUES, _COUNTS.unpack(counts), strict=True)))
        return found

    def close(self) -> None:
        """Delete all that this process has kept. Nothing where it was not opened."""
        if self._lock < 0:
            return
        shutil.rmtree(self._own, ignore_errors=True)
        os.close(self._counted)
        os.close(self._lock)
        self._lock = -1

    def _count(self, queue: int, size: int) -> None:
        self._counts[queue] += size
        os.pwrite(self._counted, _COUNTS.pack(*self._counts), 0)

    def _folders(self) -> list[Path]:
        return [self._all / name for name in os.listdir(self._all) if _FOLDER.fullmatch(name)]  # noqa: PTH208


def load(payload: bytes | Filed) -> bytes:
    """A payload, from its file if it has one. Raises Gone."""
    return payload if isinstance(payload, bytes) else bytes(payload.read(lambda size: memoryview(bytearray(size))))


def _claimed(folder: Path) -> tuple[Path, int]:
    """A new folder, and the lock on it that tells others that its process lives."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        own = folder / os.urandom(8).hex()
        own.mkdir(mode=0o700)
        try:
            lock = os.open(own, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # Another process was starting too, and took it for one of the dead.
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if own.exists():
            return own, lock
        os.close(lock)


def _delete_if_dead(folder: Path) -> None:
    """Delete a folder whose process has ended: the kernel has taken its lock away."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)
