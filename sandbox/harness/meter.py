"""What a jail has used: from its control group where there is one, else by adding up /proc."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
CONTROL_FILES = ("limit", "processes", "peak", "events", "cpu")


class Usage(NamedTuple):
    cpu_s: float
    memory: int


def _number(text: str, key: str) -> int:
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def oom_kills_of(events: str) -> int:
    return _number(events, "oom_kill")


def cpu_of(text: str) -> float:
    """Seconds, of what the control file of either version says."""
    return int(text) / 1e9 if text.strip().isdigit() else _number(text, "usage_usec") / 1e6


class Meter:
    """Sets and reads one slot's limits. `files`: descriptors of its control files, by CONTROL_FILES; may be empty."""

    def __init__(self, files: Mapping[str, int], scratch: str | None = None, users: Sequence[int] = ()) -> None:
        """`scratch`: programs' directory where it is a file system in memory that nothing else counts. `users`: whose
        processes count, besides this one's descendants.
        """
        self._files = files
        self._scratch = scratch
        self._users = users
        self._set: dict[str, int] = {}
        self.own: set[int] = set()
        """Processes of the harness that are children here too; they count for nothing."""

    @property
    def cheap(self) -> bool:
        """Whether a look costs no walk through /proc."""
        return "cpu" in self._files

    @property
    def exact(self) -> bool:
        """Whether memory is limited and counted by the kernel for the whole tree."""
        return "limit" in self._files

    def _read(self, name: str) -> str:
        return os.pread(self._files[name], 4096, 0).decode()

    def _write(self, name: str, value: int) -> None:
        os.pwrite(self._files[name], str(value).encode(), 0)

    def descriptors(self, *names: str) -> dict[str, int]:
        """Open control files, -1 where there is none."""
        return {name: self._files.get(name, -1) for name in names}

    def limit(self, memory: int, processes: int) -> bool:
        """Set the limits of the next run (bytes, count); whether they were others. Raises OSError if refused."""
        changed = False
        for name, value in (("limit", memory), ("processes", processes)):
            if name in self._files and self._set.get(name) != value:
                self._write(name, value)
                self._set[name] = value
                changed = True
        return changed

    def restart(self) -> None:
        """Forget the peak: the next run has its own. Kernels before 6.12 can't in groups of version 2."""
        if "peak" in self._files:
            with suppress(OSError):
                self._write("peak", 0)

    def peak(self) -> int | None:
        return int(self._read("peak")) if "peak" in self._files else None

    def oom_kills(self) -> int:
        return oom_kills_of(self._read("events")) if "events" in self._files else 0

    def usage(self) -> Usage:
        """CPU seconds and bytes used so far by all of the jail that lives."""
        if "cpu" not in self._files:
            usage = _from_proc(self.own, self._users)
            return Usage(usage.cpu_s, usage.memory + self._filed())
        cpu = cpu_of(self._read("cpu"))
        return Usage(cpu, 0 if self.exact else _from_proc(self.own, self._users).memory)

    def _filed(self) -> int:
        if self._scratch is None:
            return 0
        about = os.statvfs(self._scratch)
        return (about.f_blocks - about.f_bfree) * about.f_frsize


class _Process(NamedTuple):
    parent: int
    user: int
    cpu: int
    pages: int


def processes() -> dict[int, _Process]:
    found: dict[int, _Process] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                shared = int((entry / "statm").read_text().split()[2])
                cpu = int(fields[11]) + int(fields[12])
                found[int(entry.name)] = _Process(int(fields[1]), entry.stat().st_uid, cpu, int(fields[21]) - shared)
    return found


def _from_proc(own: set[int], users: Sequence[int]) -> Usage:
    """Sums over this process's descendants; orphans of a jail are its first process's children, or the users'."""
    found = processes()
    counted = {pid for pid, process in found.items() if process.user in users}
    generation = {os.getpid()}
    while generation:
        generation = {pid for pid, process in found.items() if process.parent in generation}
        counted |= generation
    counted -= own
    cpu = sum(found[pid].cpu for pid in counted)
    return Usage(cpu / TICKS_A_SECOND, sum(found[pid].pages for pid in counted) * PAGE)
