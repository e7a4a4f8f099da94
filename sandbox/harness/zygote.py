"""The warm interpreter that every jail is forked from: modules loaded, own namespaces, and nothing to steal.

It holds no test, no secret and no environment; it sees the read-only root that programs see. It starts a slot for
each request of the host, and dies with the host's end of the control socket, all slots and jails with it.
"""

import gc
import importlib
import json
import os
import signal
import site
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sandbox.harness import kernel, launcher, pages, rootfs, script, seccomp, slot
from sandbox.harness.cgroups import SlotFiles
from sandbox.harness.launcher import Setting
from sandbox.harness.meter import Meter
from sandbox.harness.supervise import fork_into

REQUEST_BYTES = 4096
PRELOAD = """
    abc array ast bisect cmath collections contextlib copy dataclasses datetime decimal enum fractions functools gc
    heapq inspect io itertools json linecache math numbers operator os queue random re statistics string struct textwrap
    threading time traceback types typing unittest
"""
"""What programs and tests of the usual benchmarks import; a module that is not here costs its import in every run."""


@dataclass(frozen=True)
class Plan:
    """What the host asks of a zygote; travels as JSON."""

    slots: int
    visible: list[str]
    """Directories to show in the jail besides the system's: the interpreter's, toolchains, packages."""
    search: list[str]
    """Directories of importable packages."""
    preload: list[str]
    filtered: bool = True
    library: str | None = None
    """launch.c, compiled."""

    @classmethod
    def of(cls, text: str) -> "Plan":
        return cls(**json.loads(text))


def warm(search: list[str], preload: list[str]) -> None:
    """Load modules, then keep the collector from touching (and so copying) them in every fork."""
    sys.path[:] = [*sys.path, *site.getsitepackages(), *search]
    for name in ("setquit", "setcopyright", "sethelper"):  # of site's work at a start, what programs know: exit, help …
        getattr(site, name)()
    for name in [*PRELOAD.split(), *preload]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.disable()  # until a program starts: supervisors live too shortly to make garbage


def _features(groups: list[SlotFiles], user: int | None, *, native: bool) -> str:
    """What isolates and limits here, for a person."""
    held = groups[0].control
    memory = "control group" if "limit" in held else "address space and sampling"
    processes = "control group" if "processes" in held else "rlimit"
    who = "root, a user a slot" if user is not None else "user namespace"
    starts = "native" if native else "by Python, slower: no C compiler"
    return f"namespaces, seccomp; {who}; memory: {memory}; processes: {processes}; starts: {starts}"


def serve(plan: Plan, control: socket.socket, groups: list[SlotFiles], user: int | None) -> None:
    """Build the root, then start slots on request until the host is gone. `user`: first of the slots' users."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # without its keeper nothing would clean up after it
    counted = "limit" in groups[0].control
    first, rights = seccomp.split(kernel.MACHINE, counted=counted) if plan.filtered else (None, None)
    try:
        warm(plan.search, plan.preload)
        library = launcher.load(plan.library)
        pages.join()
        if library is not None:
            script.rehearse()  # what this makes ready lies in the large pages then, and is every slot's
            pages.lift(library)
            pages.collapse(library)
        rootfs.build(plan.visible)
        if first is not None:
            kernel.install_filter(first)
    except (OSError, ImportError) as error:
        control.send(json.dumps({"op": "down", "error": str(error)}).encode())
        return
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects ended slots and orphans
    control.send(json.dumps({"op": "up", "features": _features(groups, user, native=library is not None)}).encode())
    while True:
        data, received, _, _ = socket.recv_fds(control, REQUEST_BYTES, 1)
        if not data:
            return
        request: dict[str, Any] = json.loads(data)
        number: int = request["slot"]
        channel = socket.socket(fileno=received[0])
        uid = os.getuid() if user is None else user + 2 * number
        files = groups[number]
        setting = Setting(True, uid, rights, "/box", "/tmp", plan.search, library)

        def body(setting: Setting = setting, files: SlotFiles = files, channel: socket.socket = channel) -> None:
            control.close()
            for fd in files.enter:
                with suppress(OSError):
                    os.write(fd, b"0")
            slot.serve(setting, Meter(files.control), channel)

        fork_into(body)
        channel.close()
