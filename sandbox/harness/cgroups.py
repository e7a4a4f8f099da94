"""Control groups of a sandbox: one a slot, for the memory, processes and CPU time of all that runs in it.

Version 1 (a tree a controller) and version 2 (one tree), whichever this machine has and lets us write. Without them
the limits of single processes and the adding up of /proc remain.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/sys/fs/cgroup")
PREFIX = "assay-"
REMOVE_S = 5.0
"""How long the kernel may take to let go of the processes of a group that is to be removed."""
V1_FILES = {
    "memory": {"limit": "memory.limit_in_bytes", "peak": "memory.max_usage_in_bytes", "events": "memory.oom_control"},
    "pids": {"processes": "pids.max"},
    "cpuacct": {"cpu": "cpuacct.usage"},
}
V2_FILES = {
    "limit": "memory.max",
    "peak": "memory.peak",
    "events": "memory.events",
    "processes": "pids.max",
    "cpu": "cpu.stat",
}
V2_CONTROLLERS = "+memory +pids +cpu"


class SlotFiles(NamedTuple):
    """Open control files of one slot."""

    control: dict[str, int]
    """Descriptors by the meter's names."""
    enter: list[int]
    """Descriptors of the groups' `cgroup.procs`: writing 0 moves the writer in."""


class Groups:
    """The groups of one sandbox. `remove` takes them away again."""

    def __init__(self, slots: int) -> None:
        self._tops: list[Path] = []
        self.name = f"{PREFIX}{os.getpid()}"
        sweep()
        self.slots = [self._slot(number, trees) for trees in [list(self._trees())] for number in range(slots)]

    def _trees(self) -> Iterator[tuple[Path, dict[str, str]]]:
        """A directory of ours in each tree that we may write, with the files to open in a slot's group."""
        own = _own_paths()
        for controller, files in V1_FILES.items():
            if controller in own and (top := self._make(ROOT / controller, own[controller], None)):
                yield top, files
        if "" in own and (ROOT / "cgroup.controllers").exists() and (top := self._make(ROOT, own[""], V2_CONTROLLERS)):
            yield top, V2_FILES

    def _make(self, root: Path, own: str, controllers: str | None) -> Path | None:
        """Our directory below our own group or the nearest ancestor that lets us."""
        place = root / own.lstrip("/")
        while place.is_relative_to(root):
            with suppress(OSError):
                if controllers:
                    (place / "cgroup.subtree_control").write_text(controllers)
                (place / self.name).mkdir()
                self._tops.append(place / self.name)
                if controllers:
                    (place / self.name / "cgroup.subtree_control").write_text(controllers)
                return place / self.name
            place = place.parent
        return None

    def _slot(self, number: int, trees: list[tuple[Path, dict[str, str]]]) -> SlotFiles:
        control: dict[str, int] = {}
        enter: list[int] = []
        for top, files in trees:
            group = top / f"slot-{number}"
            group.mkdir()
            enter.append(os.open(group / "cgroup.procs", os.O_WRONLY))
            for name, file in files.items():
                with suppress(OSError):
                    control[name] = _open(group / file)
        return SlotFiles(control, enter)

    def remove(self) -> None:
        for top in self._tops:
            _remove(top)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:
        return os.open(path, os.O_RDONLY)


def _own_paths() -> dict[str, str]:
    """Controller -> our group; the empty controller is version 2."""
    own: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            own.update(dict.fromkeys(controllers.split(","), path))
    return own


def _remove(top: Path) -> None:
    deadline = time.monotonic() + REMOVE_S
    for group in [*top.glob("slot-*"), top]:
        while True:
            try:
                group.rmdir()
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            else:
                break


def sweep() -> None:
    """Remove groups whose sandbox was killed together with its keeper."""
    own = _own_paths()
    places = {ROOT, *(ROOT / controller for controller in V1_FILES)}
    for controller, path in own.items():
        place = ROOT / controller / path.lstrip("/")
        places |= {place, *place.parents}
    for place in places:
        if place.is_relative_to(ROOT):
            for top in place.glob(f"{PREFIX}*"):
                pid = top.name.removeprefix(PREFIX)
                if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                    _remove(top)
