"""Files that go into a run's /tmp before it, and files that come out of it after: a stranger made the second.

Contents are moved within the kernel: they must not pass through the process that programs are forked from.
"""

import os
import stat
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

COLLECTED_FILES = 2000
"""Files that a compiler may leave; a class of Java is one."""


def copy(source: int, target: int, size: int) -> None:
    """Move bytes from one open file's position to another's. Raises OSError."""
    while size:
        moved = os.sendfile(target, source, None, size)
        if not moved:
            raise OSError("a file is shorter than it was")
        size -= moved


def write(path: Path, source: int, size: int, mode: int) -> None:
    """Make a file of the next bytes of an open one."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.fchmod(fd, mode)
        os.ftruncate(fd, size)  # a file system in memory that knows the size takes large pieces for it
        copy(source, fd, size)
    finally:
        os.close(fd)


def place(directory: Path, names: Sequence[str], sizes: Sequence[int], source: int, uid: int | None) -> None:
    """Write files below a fresh directory, before anyone else may; owned by `uid` where this process may give them."""
    os.lseek(source, 0, os.SEEK_SET)
    for name, size in zip(names, sizes, strict=True):
        path = directory / name
        made = [parent for parent in path.relative_to(directory).parents if str(parent) != "."]
        for parent in reversed(made):
            (directory / parent).mkdir(mode=0o755, exist_ok=True)
        write(path, source, size, 0o644)
        if uid is not None and os.geteuid() == 0:
            for item in (path, *(directory / parent for parent in made)):
                os.chown(item, uid, uid)


def fetch(directory: Path, names: Sequence[str], limit: int, target: int) -> tuple[list[str], list[int]]:
    """Copy those of the named regular files that there are, at most `limit` bytes in all, one after the other.

    Returns their names and sizes. No link is followed anywhere.
    """
    found: list[str] = []
    sizes: list[int] = []
    for name in names:
        with suppress(OSError), _opened(directory, name.split("/")) as fd:
            about = os.fstat(fd)
            if stat.S_ISREG(about.st_mode) and about.st_size <= limit:
                copy(fd, target, about.st_size)
                limit -= about.st_size
                found.append(name)
                sizes.append(about.st_size)
    return found, sizes


@contextmanager
def _opened(directory: Path, parts: list[str]) -> Generator[int]:
    """A file, each step of its path taken without following a link. Raises OSError."""
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        # Not to wait for the other end of a pipe that has the file's name.
        fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
        try:
            yield fd
        finally:
            os.close(fd)
    finally:
        os.close(place)


def collect(directory: Path, limit: int, target: int) -> tuple[list[str], list[int]]:
    """All regular files below a directory, as `fetch` does."""
    names: list[str] = []
    for top, _, files in os.walk(directory):
        names += [str((Path(top) / name).relative_to(directory)) for name in files[: COLLECTED_FILES - len(names)]]
    return fetch(directory, names, limit, target)
