"""What a backend is: a place where slots can be started, each a stream that speaks the harness's messages."""

import fcntl
import os
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.languages import tool

PACKAGE = Path(__file__).resolve().parent.parent
MOST_FIXED = 10
"""Descriptors that harness processes find at fixed numbers lie below this."""
# The harness is loaded without this package's host side: its processes hold only what they need.
BOOTSTRAP = (
    "import sys,types;p=types.ModuleType('sandbox');p.__path__=[sys.argv.pop(1)];sys.modules['sandbox']=p;"
    "import importlib;importlib.import_module('sandbox.harness.'+sys.argv.pop(1)).main()"
)
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "LD_BIND_NOW": "1"}
"""Of harness processes. Symbols are bound at their start, or else in every run, into pages of its own."""


def interpreter() -> str:
    """The machine's Python, not a virtual environment's: the jail sees no packages but those that are named."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


def harness_command(module: str, *arguments: str, python: str | None = None, package: str | None = None) -> list[str]:
    """Command line of a harness process. Hash seeds are fixed by its environment, so user paths and the hooks that site
    packages have at an interpreter's start stay out: every run would pay for them."""
    return [
        python or interpreter(),
        "-S",
        "-s",
        "-P",
        "-B",
        "-c",
        BOOTSTRAP,
        package or str(PACKAGE),
        module,
        *arguments,
    ]


@dataclass(frozen=True)
class Config:
    """How a sandbox is set up."""

    slots: int = 2
    """Programs that run at the same time."""
    packages: tuple[Path, ...] = ()
    """Directories of Python packages that programs may import, such as a site-packages with numpy."""
    preload: tuple[str, ...] = ()
    """Modules of them to load once, in the zygote, instead of in every run."""
    visible: tuple[Path, ...] = field(default=())
    """Further directories that programs may read, such as a toolchain outside /usr."""
    container_memory_mb: int = 4096
    """Of a whole container (docker, gvisor), above the limits of single programs, which are sampled in there."""
    container_processes: int = 1024
    container_disk_mb: int = 512
    """Size of /tmp in a container; a program's own limit is sampled. Compilers need the most."""


class Backend(ABC):
    """One way to isolate. Thread-safe after `open`; a slot is used by one thread at a time."""

    name: str
    descriptors: bool = False
    """Whether a slot's stream can pass descriptors: a socket on this machine, not a container's standard streams."""
    sufficient: bool = True
    """Whether strangers' programs may run on it without the operator's naming it."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def open(self) -> None:
        """Start. Raises SandboxUnavailable with the reason."""

    @abstractmethod
    def slot(self, number: int) -> socket.socket:
        """A stream to a fresh slot, the former slot of that number being closed. Raises SandboxUnavailable."""

    def describe(self) -> str:
        """In a few words, what isolates programs here; asked while it is open."""
        return (self.__doc__ or "").strip().partition("\n")[0]

    def tool(self, name: str) -> str | None:
        """Where a language's tool is for the programs in here; None where there is none. Asked while it is open."""
        found = tool(name)
        return None if found is None else str(found)

    @abstractmethod
    def close(self) -> None:
        """Stop everything and leave nothing behind. Idempotent."""


def spawn(command: list[str], descriptors: dict[int, int]) -> subprocess.Popen[bytes]:
    """Start a harness process with an empty environment and descriptors at fixed numbers (target -> source)."""
    # Above the fixed numbers, so that moving one never closes another.
    copies = {target: fcntl.fcntl(fd, fcntl.F_DUPFD, MOST_FIXED) for target, fd in descriptors.items()}
    moves = "".join(f"os.dup2({fd},{target},True);" for target, fd in copies.items())
    first = f"import os,sys;{moves}os.closerange({max(copies) + 1},256);os.execv(sys.argv[1],sys.argv[1:])"
    try:
        return subprocess.Popen(
            [command[0], "-I", "-S", "-c", first, *command],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if os.environ.get("ASSAY_SANDBOX_DEBUG") else subprocess.DEVNULL,
            pass_fds=list(copies.values()),
            start_new_session=True,
        )
    finally:
        for fd in copies.values():
            os.close(fd)
