"""One jail: the first process of fresh namespaces. Serves the runs of one job, then ends, and all in it with it.

Job messages (wire.py); every one but `end` is answered by one message or, where said, by several:
    files    header names: [str]; blobs: contents         → nothing; the files are in /box, read-only to programs
    python   header caps, argv; blobs: source, stdin            → done + stdout, stderr
    exec     header caps, argv, native; blobs: stdin      → done + stdout, stderr
    calls    header caps, entry, count; blobs: source, calls  → lines*, done + stdout, stderr
    tests    header caps; blobs: source                   → lines*, done + stdout, stderr
    bench    header kind, entry, start; blobs: tests, prelude  (right after `tests`, read by the tests' process alone)
    give     header names; blobs: contents                → nothing; each further run finds the files in its /tmp
    fetch    header names, limit                          → files + contents of those that the last run left in /tmp
    collect  header limit                                 → files + contents of regular files under /tmp/out
    end      → nothing; the process ends
"""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.harness import exchange, kernel, rootfs, script, wire
from sandbox.harness.confine import ENVIRONMENT, NATIVE_STACK, STACK, Caps, Rights, confine
from sandbox.harness.meter import Meter
from sandbox.harness.supervise import Output, Watch, end_with, fork_into, reap_all

NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
"""Fresh for each jail. The network namespace is the slot's: making one costs a quarter of a run, and an empty one in
which only local sockets can be opened keeps nothing once the processes of a jail are dead."""
ORPHAN_PAUSE = 0.001
"""Seconds between rounds of killing: enough for the children of the killed to become ours."""


@dataclass(frozen=True)
class Setting:
    """How the jails of one slot are built."""

    namespaces: bool
    uid: int | None
    """User of programs; the next one is the user of test code."""
    filter: bytes | None
    box: str
    scratch: str
    search: list[str]
    """Directories of importable packages."""
    meter: Meter

    @property
    def rights(self) -> Rights:
        return Rights(self.uid, self.filter, self.scratch)

    @property
    def tester_rights(self) -> Rights:
        """A user of its own for test code, where the process may choose."""
        other = self.uid + 1 if self.uid is not None and os.geteuid() == 0 else self.uid
        return replace(self.rights, uid=other)


class Jail:
    """The runs of one job, in this process's namespaces."""

    def __init__(self, setting: Setting, channel: socket.socket) -> None:
        self.setting = setting
        self._channel = channel
        self._used = False
        self._locked = False
        self._given: wire.Message | None = None
        self._box = Path(setting.box)

    def prepare(self, disk: int) -> None:
        """An empty scratch directory of `disk` bytes."""
        setting = self.setting
        if setting.namespaces:
            self._lock_box(True)
            rootfs.fresh_scratch(disk, self._used)
        elif self._used:
            _empty(Path(setting.scratch))
        self._used = True

    def kill_all(self) -> None:
        """End every process of the jail but this one."""
        if self.setting.namespaces:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        else:
            _kill_descendants()

    def serve(self) -> None:
        """Say `up`, then answer the host's messages until `end` or until the host is gone."""
        handlers: dict[str, Callable[[wire.Message], None]] = {
            "files": self._files,
            "python": self._python,
            "exec": self._exec,
            "calls": self._calls,
            "tests": self._tests,
            "collect": self._collect,
            "give": self._give,
            "fetch": self._fetch,
        }
        if not self.setting.namespaces:
            _empty(self._box)
            _empty(Path(self.setting.scratch))
        with suppress(wire.WireError, OSError):
            self._reply({"op": "up"})
            while (message := wire.receive(self._channel)).header["op"] != "end":
                handlers[message.header["op"]](message)
        self.kill_all()

    def receive(self) -> wire.Message:
        """The host's next message; for the tests' process, which is sent one of its own."""
        return wire.receive(self._channel)

    def _reply(self, header: dict[str, Any], *blobs: bytes) -> None:
        wire.send(self._channel, header, *blobs)

    def _lock_box(self, locked: bool) -> None:
        if self.setting.namespaces and locked is not self._locked:
            rootfs.lock_box(locked)
            self._locked = locked

    def _files(self, message: wire.Message) -> None:
        self._lock_box(False)
        for name, content in zip(message.header["names"], message.blobs, strict=True):
            path = self._box / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o755)

    def _python(self, message: wire.Message) -> None:
        source, stdin = message.blobs
        argv = self._placed(message.header["argv"])
        self._run(message, stdin, lambda: script.run(source, argv, self.setting.search))

    def _placed(self, argv: list[str]) -> list[str]:
        """Arguments with the jail's two directories where they really are."""
        if self.setting.namespaces:
            return argv
        scratch = self.setting.scratch
        return [part.replace("/tmp/", f"{scratch}/").replace("/box", self.setting.box) for part in argv]

    def _exec(self, message: wire.Message) -> None:
        argv = self._placed(message.header["argv"])

        def body() -> None:
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.execve(argv[0], argv, dict(ENVIRONMENT))

        self._run(message, message.blobs[0], body, NATIVE_STACK if message.header["native"] else STACK)

    def start(self, message: wire.Message) -> Caps:
        """Make ready for one run: fresh files, limits set, counters at zero."""
        caps = Caps.of(message.header["caps"])
        self.prepare(caps.disk)
        if self._given is not None:
            given = self._given
            exchange.place(Path(self.setting.scratch), given.header["names"], given.blobs, self.setting.uid)
        self.setting.meter.limit(caps.memory, caps.processes)
        self.setting.meter.restart()
        return caps

    def _run(self, message: wire.Message, stdin: bytes, body: Callable[[], None], stack: int = STACK) -> None:
        caps = self.start(message)
        setting = self.setting
        standard = [Output("stdin", stdin), Output("stdout").appending(), Output("stderr").appending()]

        def confined() -> None:
            descriptors = [item.fd for item in standard]
            confine(setting.rights, caps, descriptors, counted=setting.meter.exact, stack=stack)
            body()

        watch = Watch(fork_into(confined), caps, setting.meter, standard[1:], self.kill_all)
        self.finish(watch, caps, [standard])

    def finish(self, watch: Watch, caps: Caps, streams: list[list[Output]], results: int | None = None) -> None:
        """Wait for a run's end and send what it left: the standard streams of its one or two processes."""
        outcome = watch.until_end(results, self._lines)
        reap_all()
        for standard in streams:
            os.close(standard[0].fd)
        written = [[output.take(caps.output) for output in standard[1:]] for standard in streams]
        self._reply(outcome.header(), *map(b"".join, zip(*written, strict=True)))

    def _lines(self, chunk: bytes) -> None:
        self._reply({"op": "lines"}, chunk)

    def _calls(self, message: wire.Message) -> None:
        from sandbox.harness import calls

        caps = self.start(message)
        setting = self.setting
        source, arguments = message.blobs
        entry: str = message.header["entry"]
        reading, writing = os.pipe()
        standard = [Output("stdin"), Output("stdout").appending(), Output("stderr").appending()]

        def confined() -> None:
            descriptors = [*(item.fd for item in standard), writing]
            confine(setting.rights, caps, descriptors, counted=setting.meter.exact)
            calls.run(source, arguments, entry, setting.search)

        pid = fork_into(confined)
        os.close(writing)
        watch = Watch(pid, caps, setting.meter, standard[1:], self.kill_all, message.header["count"] + 1)
        self.finish(watch, caps, [standard], reading)
        os.close(reading)

    def _tests(self, message: wire.Message) -> None:
        from sandbox.harness import duel

        duel.run(self, message)

    def _collect(self, message: wire.Message) -> None:
        names, contents = exchange.collect(Path(self.setting.scratch) / "out", message.header["limit"])
        self._reply({"op": "files", "names": names}, *contents)

    def _give(self, message: wire.Message) -> None:
        self._given = message

    def _fetch(self, message: wire.Message) -> None:
        header = message.header
        names, contents = exchange.fetch(Path(self.setting.scratch), header["names"], header["limit"])
        self._reply({"op": "files", "names": names}, *contents)


def _empty(directory: Path) -> None:
    import shutil

    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _kill_descendants() -> None:
    """Without a process namespace: orphans fall to this process, so kill the children until none lives."""
    while living := _alive(_children()):
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(ORPHAN_PAUSE)


def _children() -> set[int]:
    return {int(item) for item in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def _alive(pids: set[int]) -> set[int]:
    living: set[int] = set()
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                living.add(pid)
    return living


def enter(setting: Setting, body: Callable[[], None]) -> int:
    """Start a process that is the first of a jail of its own, and runs `body`. Returns its pid.

    Raises OSError where the kernel refuses the namespaces.
    """
    pid = kernel.clone(NAMESPACES) if setting.namespaces else os.fork()
    if pid:
        return pid

    def first() -> None:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if setting.namespaces:
            os.setsid()
            rootfs.private_mounts(rootfs.FIRST_SCRATCH)
        else:
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
        body()

    return end_with(first)
