"""Files that go into a run's /tmp before it, and files that come out of it after: a stranger made the second."""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

COLLECTED_FILES = 2000
"""Files that a compiler may leave; a class of Java is one."""


def place(directory: Path, names: Sequence[str], contents: Sequence[bytes], uid: int | None) -> None:
    """Write files below a fresh directory, before anyone else may; owned by `uid` where this process may give them."""
    for name, content in zip(names, contents, strict=True):
        path = directory / name
        made = [parent for parent in path.relative_to(directory).parents if str(parent) != "."]
        for parent in reversed(made):
            (directory / parent).mkdir(mode=0o755, exist_ok=True)
        path.write_bytes(content)
        if uid is not None and os.geteuid() == 0:
            for item in (path, *(directory / parent for parent in made)):
                os.chown(item, uid, uid)


def fetch(directory: Path, names: Sequence[str], limit: int) -> tuple[list[str], list[bytes]]:
    """Those of the named regular files that there are, at most `limit` bytes in all. No link is followed anywhere."""
    found: list[str] = []
    contents: list[bytes] = []
    for name in names:
        with suppress(OSError):
            content = _read(directory, name.split("/"), limit)
            if content is not None:
                found.append(name)
                contents.append(content)
                limit -= len(content)
    return found, contents


def _read(directory: Path, parts: list[str], limit: int) -> bytes | None:
    """A file's content, each step of its path taken without following a link; None where it is no file or too large."""
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        # Not to wait for the other end of a pipe that has the file's name.
        fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
        with os.fdopen(fd, "rb") as file:
            about = os.fstat(file.fileno())
            return file.read(limit) if stat.S_ISREG(about.st_mode) and about.st_size <= limit else None
    finally:
        os.close(place)


def collect(directory: Path, limit: int) -> tuple[list[str], list[bytes]]:
    """All regular files below a directory, at most `limit` bytes in all."""
    names: list[str] = []
    for top, _, files in os.walk(directory):
        names += [str((Path(top) / name).relative_to(directory)) for name in files[: COLLECTED_FILES - len(names)]]
    return fetch(directory, names, limit)
