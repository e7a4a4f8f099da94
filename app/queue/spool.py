"""Large payloads as files, where the queue's server is one of this machine: only their paths go through the queue.

A payload in the queue is copied by every process that it passes through, and written to the server's log. A file is
written once and read once, by the child that scores it. Its writer deletes it once nobody waits for it any more.
"""

import fcntl
import os
import re
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

_FOLDER = re.compile("[0-9a-f]{16}")
LARGE_BYTES = 64 * 1024
"""A smaller payload costs less in the queue than a file costs to make."""


class Gone(Exception):
    """A payload's file is not there: nobody waits for it any more, or somebody else deleted it."""


class Spool:
    """The files of one process, in a folder of its own beside those of others."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of all processes."""
        self._all = folder
        self._own = folder
        self._lock = -1

    def open(self) -> None:
        """Begin; what dead processes left is deleted."""
        self._own, self._lock = _claimed(self._all)
        for other in self._folders():
            _delete_if_dead(other)

    def put(self, lane: str, priority: str, payload: bytes, number: int) -> Path | None:
        """Keep a payload for a queue; None where the disk does not take it."""
        path = self._own / f"{lane}.{priority}.{len(payload)}.{number}"
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                written = os.write(file, payload)
            finally:
                os.close(file)
        except OSError:
            written = 0
        if written == len(payload):
            return path
        self.drop(path)
        return None

    def drop(self, path: Path) -> None:
        """Nobody needs it any more."""
        with suppress(FileNotFoundError):
            path.unlink()

    def sizes(self) -> Counter[tuple[str, str]]:
        """Bytes by lane and priority, of all processes; the names tell."""
        found = Counter[tuple[str, str]]()
        for folder in self._folders():
            for name in _names(folder):
                lane, priority, size, _ = name.split(".")
                found[lane, priority] += int(size)
        return found

    def close(self) -> None:
        """Delete all that this process has kept. Nothing where it was not opened."""
        if self._lock < 0:
            return
        shutil.rmtree(self._own, ignore_errors=True)
        os.close(self._lock)
        self._lock = -1

    def _folders(self) -> list[Path]:
        return [self._all / name for name in _names(self._all) if _FOLDER.fullmatch(name)]


def load(payload: bytes | Path) -> bytes:
    """A payload, from its file if it has one. Raises Gone."""
    if isinstance(payload, bytes):
        return payload
    try:
        return payload.read_bytes()
    except OSError as error:
        raise Gone(str(error)) from None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except FileNotFoundError:
        return []


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
