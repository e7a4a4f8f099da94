"""The default: jails of the kernel's own namespaces, seccomp and control groups, forked from a warm interpreter.

Chosen over bubblewrap and nsjail by measurement: those start a helper and then a Python for every run, and are three
to five times slower than a fork of a warm one that isolates as much. Needs Linux 5.9 or newer on x86_64 or aarch64,
and either root or user namespaces.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from sandbox.backends import native
from sandbox.backends.base import Backend, Config, harness_command, spawn
from sandbox.backends.obstacles import explained
from sandbox.errors import SandboxUnavailable
from sandbox.harness import kernel
from sandbox.harness.keeper import CONTROL_FD, OWNER_FD
from sandbox.harness.zygote import Plan
from sandbox.languages import toolchains

START_S = 30.0
"""Starting an interpreter and loading its modules takes well under a second on an idle machine."""
CLOSE_S = 10.0
MOST_SLOTS = 64
_SPAWN = (
    "import os,sys;os.dup2({0},{2},True);os.dup2({1},{3},True);os.closerange(5,256);os.execv(sys.argv[1],sys.argv[1:])"
)


class Jail(Backend):
    """Namespaces, pivot_root, seccomp, rlimits and, where writable, control groups."""

    name = "jail"
    descriptors = True

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._control: socket.socket | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._features = ""

    def _plan(self) -> Plan:
        config = self.config
        visible = [Path(sys.base_prefix).resolve(), *toolchains(), *config.packages, *config.visible]
        return Plan(
            slots=config.slots,
            visible=[str(path) for path in visible],
            search=[str(path) for path in config.packages],
            preload=list(config.preload),
            library=None if (found := native.library()) is None else str(found),
        )

    def open(self) -> None:
        if sys.platform != "linux" or not kernel.supported():
            raise SandboxUnavailable("jail: needs Linux on x86_64 or aarch64")
        if not 1 <= self.config.slots <= MOST_SLOTS:
            raise SandboxUnavailable(f"jail: slots must be 1 to {MOST_SLOTS}")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        owner = os.pidfd_open(os.getpid())
        try:
            plan = self._plan()
            self._keeper = spawn(
                harness_command("arenas", plan.library or "", "keeper", json.dumps(asdict(plan))),
                {CONTROL_FD: theirs.fileno(), OWNER_FD: owner},
            )
        except OSError as cause:
            ours.close()
            raise SandboxUnavailable(f"jail: {cause}") from cause
        finally:
            theirs.close()
            os.close(owner)
        self._control = ours
        ours.settimeout(START_S)
        try:
            answer = json.loads(ours.recv(1 << 16) or b'{"op": "down", "error": "the keeper died at its start"}')
        except OSError as cause:
            answer = {"op": "down", "error": f"no answer: {cause}"}
        if answer["op"] != "up":
            self.close()
            raise SandboxUnavailable(explained(f"jail: {answer['error']}"))
        self._features = str(answer.get("features", ""))

    def describe(self) -> str:
        return self._features

    def slot(self, number: int) -> socket.socket:
        if self._control is None:
            raise SandboxUnavailable("jail: not open")
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                socket.send_fds(self._control, [json.dumps({"slot": number}).encode()], [theirs.fileno()])
        except OSError as cause:
            ours.close()
            raise SandboxUnavailable(f"jail: the zygote is gone: {cause}") from cause
        finally:
            theirs.close()
        return ours

    def close(self) -> None:
        control, self._control = self._control, None
        keeper, self._keeper = self._keeper, None
        if control is not None:
            control.close()
        if keeper is not None:
            try:
                keeper.wait(CLOSE_S)
            except subprocess.TimeoutExpired:
                keeper.kill()
                keeper.wait()
