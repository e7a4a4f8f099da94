"""No isolation: programs run as this user, with limits and nothing more. For code that is trusted anyway.

A program can read and write whatever this user can, reach the network, and kill what this user runs. It is refused
unless it is asked for by name, and never chosen in another's place.
"""

import json
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from sandbox.backends.base import Backend, Config, harness_command, spawn
from sandbox.errors import SandboxUnavailable
from sandbox.harness.standalone import CHANNEL_FD, Plan

CLOSE_S = 5.0


class UnsafeSubprocess(Backend):
    """No isolation at all: for trusted code, and only where it is named."""

    name = "unsafe_subprocess"
    descriptors = True
    sufficient = False

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._directory: Path | None = None
        self._slots: dict[int, subprocess.Popen[bytes]] = {}

    def open(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="assay-unsafe-"))

    def slot(self, number: int) -> socket.socket:
        if self._directory is None:
            raise SandboxUnavailable("unsafe_subprocess: not open")
        self._end(number)
        place = self._directory / str(number)
        for name in ("box", "tmp"):
            (place / name).mkdir(parents=True, exist_ok=True)
        packages = [str(path) for path in self.config.packages]
        plan = Plan(str(place / "box"), str(place / "tmp"), packages, list(self.config.preload))
        ours, theirs = socket.socketpair()
        try:
            command = harness_command("standalone", json.dumps(asdict(plan)))
            self._slots[number] = spawn(command, {CHANNEL_FD: theirs.fileno()})
        except OSError as cause:
            ours.close()
            raise SandboxUnavailable(f"unsafe_subprocess: {cause}") from cause
        finally:
            theirs.close()
        return ours

    def _end(self, number: int) -> None:
        process = self._slots.pop(number, None)
        if process is None:
            return
        try:
            process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        for number in list(self._slots):
            self._end(number)
        directory, self._directory = self._directory, None
        if directory is not None:
            with suppress(OSError):
                shutil.rmtree(directory)
