"""What a program may use."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sandbox.errors import BadJob

MB = 1 << 20
MOST_WALL_S = 600.0
"""A longer run would hold a slot for longer than any trainer waits."""
MOST_MEMORY_MB = 64 << 10
MOST_OUTPUT = 64 * MB
"""Outputs travel in one message."""
MOST_PROCESSES = 1024
INTERPRETER_MB = 16
"""What the jail's own supervisors take out of a memory limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one test. Times in seconds, the CPU time is that of the whole process tree."""

    wall_s: float = 10.0
    cpu_s: float | None = None
    """None: as much as the wall time."""
    memory_mb: int = 512
    """Of the whole process tree, files in /tmp included."""
    output_bytes: int = 4 * MB
    """Of standard output and of standard error, each."""
    processes: int = 64
    """Processes and threads."""
    file_mb: int = 32
    """Largest file."""
    disk_mb: int = 64
    """All files in /tmp."""
    compile_s: float = 30.0
    compile_memory_mb: int = 2048

    def caps(self, *, factor: float = 1.0, extra_processes: int = 0, extra_mb: int = 0, bounded: bool = True) -> (
        dict[str, Any]
    ):  # fmt: skip
        """As the harness takes them; `factor` stretches times, the extras are what a language's runtime needs."""
        return {
            "wall_s": self.wall_s * factor,
            "cpu_s": (self.wall_s if self.cpu_s is None else self.cpu_s) * factor,
            "memory": (self.memory_mb + extra_mb + INTERPRETER_MB) * MB,
            "output": self.output_bytes,
            "processes": self.processes + extra_processes,
            "file": self.file_mb * MB,
            "disk": self.disk_mb * MB,
            "address_space": bounded,
        }

    def for_compiler(self) -> "Limits":
        """The limits of a compiler: its own time and memory, and room for its files."""
        return replace(
            self,
            wall_s=self.compile_s,
            cpu_s=self.compile_s * 2,
            memory_mb=self.compile_memory_mb,
            output_bytes=MB,
            processes=256,
            file_mb=256,
            disk_mb=512,
        )


_BOUNDS: dict[str, tuple[float, float]] = {
    "wall_s": (0.01, MOST_WALL_S),
    "cpu_s": (0.01, MOST_WALL_S),
    "memory_mb": (4, MOST_MEMORY_MB),
    "output_bytes": (0, MOST_OUTPUT),
    "processes": (1, MOST_PROCESSES),
    "file_mb": (0, 1024),
    "disk_mb": (1, 4096),
    "compile_s": (0.1, MOST_WALL_S),
    "compile_memory_mb": (64, MOST_MEMORY_MB),
}
_WHOLE = frozenset(field.name for field in fields(Limits) if field.type in (int, "int"))


def read_limits(given: Any, default: Limits | None = None) -> Limits:
    """Limits from their JSON object; what is not named keeps its default. Raises BadJob naming the field."""
    base = default or Limits()
    if given is None:
        return base
    if not isinstance(given, Mapping):
        raise BadJob("limits: must be an object")
    changed: dict[str, Any] = {}
    for name, value in given.items():  # pyright: ignore[reportUnknownVariableType]
        if name not in _BOUNDS:
            raise BadJob(f"limits.{name}: no such limit; there are {', '.join(_BOUNDS)}")
        if value is None:
            continue
        low, high = _BOUNDS[str(name)]  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise BadJob(f"limits.{name}: must be a number from {low} to {high}")
        changed[str(name)] = int(value) if name in _WHOLE else float(value)  # pyright: ignore[reportUnknownArgumentType]
    return replace(base, **changed)
