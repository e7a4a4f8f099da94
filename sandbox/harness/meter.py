"""What a jail has used: from its control group where there is one, else by adding up /proc."""

import os
from collections.abc import Mapping
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


class Meter:
    """Sets and reads one slot's limits. `files`: descriptors of its control files, by CONTROL_FILES; may be empty."""

    def __init__(self, files: Mapping[str, int]) -> None:
        self._files = files
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

    def limit(self, memory: int, processes: int) -> None:
        """Set the limits of the next run (bytes, count). Raises OSError where the kernel refuses."""
        for name, value in (("limit", memory), ("processes", processes)):
            if name in self._files and self._set.get(name) != value:
                self._write(name, value)
                self._set[name] = value

    def restart(self) -> None:
        """Forget the peak: the next run has its own. Kernels before 6.12 can't in groups of version 2."""
        if "peak" in self._files:
            with suppress(OSError):
                self._write("peak", 0)

    def peak(self) -> int | None:
        return int(self._read("peak")) if "peak" in self._files else None

    def oom_kills(self) -> int:
        return _number(self._read("events"), "oom_kill") if "events" in self._files else 0

    def usage(self) -> Usage:
        """CPU seconds and bytes used so far by all of the jail that lives."""
        if "cpu" not in self._files:
            return _from_proc(self.own)
        text = self._read("cpu")
        cpu = int(text) / 1e9 if text.strip().isdigit() else _number(text, "usage_usec") / 1e6
        return Usage(cpu, 0 if self.exact else _from_proc(self.own).memory)


class _Process(NamedTuple):
    parent: int
    cpu: int
    pages: int


def _processes() -> dict[int, _Process]:
    found: dict[int, _Process] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                shared = int((entry / "statm").read_text().split()[2])
                cpu = int(fields[11]) + int(fields[12])
                found[int(entry.name)] = _Process(int(fields[1]), cpu, int(fields[21]) - shared)
    return found


def _from_proc(own: set[int]) -> Usage:
    """Sums over this process's descendants; orphans of a jail are its first process's children."""
    processes = _processes()
    cpu, pages = 0, 0
    generation = {os.getpid()}
    while generation:
        generation = {pid for pid, process in processes.items() if process.parent in generation}
        cpu += sum(processes[pid].cpu for pid in generation - own)
        pages += sum(processes[pid].pages for pid in generation - own)
    return Usage(cpu / TICKS_A_SECOND, pages * PAGE)
