"""One run of one program, and the protocol that every backend speaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MEMORY_SIGNS = (b"MemoryError", b"std::bad_alloc", b"java.lang.OutOfMemoryError", b"JavaScript heap out of memory",
                b"fatal error: runtime: out of memory", b"memory allocation of")  # fmt: skip
"""What runtimes say when the kernel gives them no more memory; looked for in the end of standard error."""
SIGN_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run ended and what it left. Times in milliseconds, memory in megabytes."""

    code: int | None
    """Exit status; None where a signal ended it."""
    signal: int | None
    why: str | None
    """Which limit ended it: "wall", "cpu", "memory", "output"; None: none did."""
    wall_ms: float
    cpu_ms: float
    peak_mb: float
    stdout: bytes = b""
    stderr: bytes = b""
    more: tuple[bytes, ...] = ()
    """Further outputs, in the order of the message's (harness/slot.py)."""
    compiled: bool = True
    """False: this is the compiler's refusal, and nothing of the program ran."""

    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Files that it left, of those that were asked for."""

    @property
    def ok(self) -> bool:
        return self.compiled and self.code == 0 and self.why is None

    @classmethod
    def of(cls, header: dict[str, Any], blobs: list[bytes]) -> "Execution":
        """From the harness's message."""
        execution = cls(
            code=header["code"],
            signal=header["signal"],
            why=header["why"],
            wall_ms=round(header["wall_ms"], 3),
            cpu_ms=round(header["cpu_ms"], 3),
            peak_mb=round(header["peak_kb"] / 1024, 2),
            stdout=blobs[0],
            stderr=blobs[1],
            more=tuple(blobs[2:]),
        )
        if execution.why is None and not execution.ok and execution._out_of_memory():
            return replace(execution, why="memory")
        return execution

    def _out_of_memory(self) -> bool:
        end = self.stderr[-SIGN_BYTES:]
        return any(sign in end for sign in MEMORY_SIGNS)
