"""gVisor: each slot in a container of `runsc`, whose own kernel in user space answers the program's system calls.

The strongest wall of all: programs never reach the machine's kernel. Each slot is one warm container with the machine's
programs bound in read-only; in it every run gets its own processes, a user without rights, and an emptied /tmp. Needs
root and `runsc` on the PATH; where the machine has KVM, `ASSAY_RUNSC_PLATFORM=kvm` is faster than `ptrace`.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.backends import view
from sandbox.backends.base import Backend, Config
from sandbox.backends.container import BOX, CAPABILITIES, ENVIRONMENT, TMP, command, sweep
from sandbox.backends.obstacles import explained, may_administrate
from sandbox.errors import SandboxUnavailable

PLATFORM = os.environ.get("ASSAY_RUNSC_PLATFORM", "")
"""How runsc catches system calls; empty: what it chooses itself."""
STOP_S = 10.0
PREFIX = "assay-gvisor-"
_NAMESPACES = ("pid", "network", "ipc", "uts", "mount")


class GVisor(Backend):
    """gVisor: a kernel in user space between programs and the machine's."""

    name = "gvisor"

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._directory: Path | None = None
        self._view: view.View | None = None
        self._slots: dict[int, tuple[str, subprocess.Popen[bytes]]] = {}
        self._started = 0

    def open(self) -> None:
        if shutil.which("runsc") is None:
            raise SandboxUnavailable("gvisor: runsc is not installed")
        if os.geteuid() != 0 or not may_administrate():
            raise SandboxUnavailable(explained("gvisor: needs root with CAP_SYS_ADMIN"))
        sweep(PREFIX)
        self._directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self._view = view.of_machine(self.config)
        self._view.write(self._directory / "root")

    def slot(self, number: int) -> socket.socket:
        if self._directory is None:
            raise SandboxUnavailable("gvisor: not open")
        self._end(number)
        self._started += 1
        # runsc's control sockets have the container's name, whatever directory its state is in.
        name = f"{self._directory.name}-{self._started}"
        bundle = self._directory / name
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(self._specification(number)))
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(
                [*self._runsc(), "run", "--bundle", str(bundle), name],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=None if os.environ.get("ASSAY_SANDBOX_DEBUG") else subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        except OSError as cause:
            ours.close()
            raise SandboxUnavailable(f"gvisor: {cause}") from cause
        finally:
            theirs.close()
        self._slots[number] = name, process
        return ours

    def _runsc(self) -> list[str]:
        platform = [f"--platform={PLATFORM}"] if PLATFORM else []
        return ["runsc", "--root", f"{self._directory}/state", "--network=none", "--ignore-cgroups", *platform]

    def _specification(self, number: int) -> dict[str, Any]:
        """The container as the runtime specification of the Open Container Initiative has it."""
        assert self._view is not None
        capabilities = [f"CAP_{name}" for name in CAPABILITIES]
        size = f"size={self.config.container_disk_mb}m"
        mounts: list[dict[str, Any]] = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": [*TMP.split(","), size]},
            {"destination": "/box", "type": "tmpfs", "source": "tmpfs", "options": BOX.split(",")},
        ]
        mounts += [
            {"destination": target, "type": "bind", "source": source, "options": ["rbind", "ro", "nosuid", "nodev"]}
            for target, source in self._view.binds.items()
        ]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": command(self.config, number),
                "env": [f"{name}={value}" for name, value in ENVIRONMENT.items()],
                "cwd": "/",
                "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), capabilities),
                "noNewPrivileges": True,
            },
            "root": {"path": f"{self._directory}/root", "readonly": True},
            "hostname": "sandbox",
            "mounts": mounts,
            "linux": {"namespaces": [{"type": kind} for kind in _NAMESPACES]},
        }

    def _end(self, number: int) -> None:
        if number not in self._slots:
            return
        name, process = self._slots.pop(number)
        # The channel is closed by now, which ends the container's first process.
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            subprocess.run([*self._runsc(), "kill", name, "KILL"], capture_output=True, check=False)
            process.kill()
            process.wait()
        subprocess.run([*self._runsc(), "delete", "--force", name], capture_output=True, check=False)

    def close(self) -> None:
        for number in list(self._slots):
            self._end(number)
        directory, self._directory = self._directory, None
        if directory is not None:
            with suppress(OSError):
                shutil.rmtree(directory)
