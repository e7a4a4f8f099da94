"""One slot: runs the programs of one job after the other, each run in a jail of its own.

Before a job it says `up`. Then come messages (direct.py) until `end`, which is answered by the next `up`; a job that
gave and kept no files needs no end if `up` says that this slot `keeps` /box:
    op       header                    outputs                                  inputs
    files    names, sizes                                                       contents, one after the other
    give     names, sizes                                                       contents, one after the other
    python   caps, argv, known, tell, keep  stdout, stderr, code if `tell`      stdin, source, code if `known`
    exec     caps, argv, native, keep  stdout, stderr                           stdin
    calls    caps, entry, count        stdout, stderr, results                  source, calls
    tests    caps, kind, entry, start  stdout, stderr, the program's, results   source, tests, prelude
    fetch    names, limit              contents, one after the other
    collect  limit                     contents, one after the other
`files` go into /box, read-only to programs, in place of what was there, if only of an earlier job; `give` puts files
into the /tmp of further runs. Neither is answered.
`fetch` takes files that a run with `keep` left in /tmp, `collect` all under /tmp/out, answered by `files`: names and
sizes. Runs are answered by `done`, or by `down`: a jail could not be built or a process not be confined, so nothing is
known of the program.

A run's jail is a process namespace with a fresh mount namespace and an empty /tmp. All in it is killed before the
answer is sent, and gone before the next run begins. This process never reads a message's contents, nor does any other
that programs are forked from: what one run or its tests wrote can't be found in another's memory.
"""

import fcntl
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.harness import calls, candidate, exchange, kernel, rootfs, script, tester, wire
from sandbox.harness.confine import Caps
from sandbox.harness.jail import Jail, Unconfined
from sandbox.harness.launcher import NativeLauncher, Setting, Start, make
from sandbox.harness.leftovers import empty, remove
from sandbox.harness.meter import Meter
from sandbox.harness.repeat import Handed, Repeats
from sandbox.harness.sockets import Sockets, SocketsStay
from sandbox.harness.supervise import Lines, Watch

SLOT_NAMESPACES = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
"""Kept from run to run, as making them costs more than a start. Nothing stays in them: in the network one there can be
local sockets only, and no run begins before those are gone; what the IPC one is for is refused by the filter, and so
are names of hosts, besides the rights to change any of them."""
RESULT_BYTES = 64 << 20
"""What a program may write on its result channel."""
MOST_LINES = 100_000
"""Of test code, which is ours to trust."""


class Slot:
    """Serves jobs on a stream from the host."""

    def __init__(self, setting: Setting, meter: Meter, channel: socket.socket) -> None:
        self.setting = setting
        self.meter = meter
        self.launcher = make(setting)
        self._channel = channel
        self._box = Path(setting.box)
        self._null = os.open("/dev/null", os.O_RDONLY)
        self._sockets = Sockets() if setting.alone else None
        self._repeats: Repeats | None = None
        if isinstance(self.launcher, NativeLauncher):
            self._repeats = Repeats(self.launcher, meter, channel, -1 if self._sockets is None else self._sockets.fd)
        self._kept = False
        self._boxed: list[str] = []
        self._given: tuple[list[str], list[int], int] | None = None
        self._handlers: dict[str, Callable[[dict[str, Any], list[int]], None]] = {
            "files": self._files,
            "python": self._python,
            "exec": self._exec,
            "calls": self._calls,
            "tests": self._tests,
            "collect": self._collect,
            "give": self._give,
            "fetch": self._fetch,
        }

    def serve(self) -> None:
        """Serve until the host closes the channel, a jail can't be built (told by a `down` message), or a run has left
        what can't be cleared away."""
        try:
            while True:
                self._clean()
                self._reply({"op": "up", "keeps": self.setting.namespaces})
                while self._answer():
                    pass
        except (wire.WireError, SocketsStay):
            return
        except (OSError, Unconfined) as error:
            with suppress(OSError):
                self._reply({"op": "down", "error": str(error)})

    def _answer(self) -> bool:
        """Serve one message; False for the job's end."""
        message = self._next()
        descriptors = message.descriptors
        try:
            if isinstance(message, Handed):
                self._take_over(message)
            elif message.header["op"] == "end":
                return False
            else:
                self._handlers[message.header["op"]](message.header, descriptors)
        finally:
            for fd in descriptors:
                os.close(fd)
        return True

    def _next(self) -> wire.Descriptors | Handed:
        if self._repeats is not None:
            return self._repeats.next()
        self.launcher.ready()
        return wire.receive_descriptors(self._channel)

    def _clean(self) -> None:
        """Nothing of a job is left for the next."""
        self._forget_given()
        if not self.setting.namespaces:
            empty(self._box)
            empty(Path(self.setting.scratch))
            self._boxed.clear()
        if self._kept:
            kernel.umount(self.setting.scratch)
            self.launcher.discard()
        self._kept = False

    def _reply(self, header: dict[str, Any]) -> None:
        wire.send_descriptors(self._channel, wire.framed(header), ())

    def _files(self, header: dict[str, Any], descriptors: list[int]) -> None:
        remove(self._box, self._boxed)
        self._boxed = header["names"]
        for name, size in zip(header["names"], header["sizes"], strict=True):
            path = self._box / name
            path.parent.mkdir(parents=True, exist_ok=True)
            exchange.write(path, descriptors[0], size, 0o755)

    def _give(self, header: dict[str, Any], descriptors: list[int]) -> None:
        self._forget_given()
        self._given = (header["names"], header["sizes"], os.dup(descriptors[0]))

    def _forget_given(self) -> None:
        if self._given is not None:
            os.close(self._given[2])
        self._given = None

    def placed(self, argv: list[str]) -> list[str]:
        """Arguments with the jail's two directories where they really are."""
        if self.setting.namespaces:
            return argv
        scratch = self.setting.scratch
        return [part.replace("/tmp/", f"{scratch}/").replace("/box", self.setting.box) for part in argv]

    def _begin(self, header: dict[str, Any], processes: int = 1) -> Jail:
        """Ready for one run: fresh files, no sockets, limits set, counters at zero. Raises SocketsStay, OSError."""
        if self._sockets is not None:
            self._sockets.settle()
        if not self.setting.namespaces:
            empty(Path(self.setting.scratch))
        caps = Caps.of(header["caps"])
        # This process and the first one of each namespace stand in the control group too.
        if self.meter.limit(caps.memory, caps.processes + 2 * processes) and self._repeats is not None:
            self._repeats.forget()
        self.meter.restart()
        return Jail(self.launcher, self.meter, caps)

    def _finish(self, jail: Jail, watch: Watch) -> None:
        """Wait for a run's end, leave nothing of it, and tell how it ended."""
        try:
            outcome = watch.until_end(jail.kill_all)
        finally:
            jail.close()
        self._reply(outcome.header())

    def _take_over(self, run: Handed) -> None:
        """Finish a run that was begun without us."""
        jail = Jail.of(self.launcher, self.meter, run)
        watch = Watch(run.pid, run.caps, self.meter, run.descriptors[:2], begun=run.begun)
        if run.end is None:
            self._finish(jail, watch)
        else:
            jail.close()
            self._reply(watch.outcome(run.end).header())

    def _run(self, jail: Jail, start: Start, outputs: list[int], lines: Lines | None = None) -> None:
        try:
            pid = jail.start(start)
        except OSError:
            jail.close()
            raise
        self._finish(jail, Watch(pid, jail.caps, self.meter, outputs, lines))

    def _run_again(self, header: dict[str, Any], descriptors: list[int], jail: Jail, start: Start) -> None:
        """A run that may be asked for again, with other contents."""
        self._run(jail, start, descriptors[:2])
        if self._repeats is not None and start.own_scratch:
            self._repeats.add(header, descriptors, start)

    def _python(self, header: dict[str, Any], descriptors: list[int]) -> None:
        known, tell = bool(header.get("known")), bool(header.get("tell"))
        argv, search = self.placed(header["argv"]), self.setting.search
        outputs, (stdin, source, *code) = descriptors[:2], descriptors[2 + tell :]
        jail = self._begin(header)
        more = [source, *code, *descriptors[2 : 2 + tell]]
        start = Start(
            [stdin, *outputs, *more],
            jail.caps,
            self.meter.exact,
            lambda: script.run(argv, search, known, tell),
            own_scratch=self._own_scratch(header, jail.caps),
        )
        self._run_again(header, descriptors, jail, start)

    def _exec(self, header: dict[str, Any], descriptors: list[int]) -> None:
        *outputs, stdin = descriptors
        jail = self._begin(header)
        start = Start(
            [stdin, *outputs],
            jail.caps,
            self.meter.exact,
            argv=self.placed(header["argv"]),
            native=header["native"],
            own_scratch=self._own_scratch(header, jail.caps),
        )
        self._run_again(header, descriptors, jail, start)

    def _calls(self, header: dict[str, Any], descriptors: list[int]) -> None:
        entry, search = header["entry"], self.setting.search
        *outputs, results, source, arguments = descriptors
        jail = self._begin(header)
        start = Start(
            [self._null, *outputs, results, source, arguments],
            jail.caps.writing(RESULT_BYTES),
            self.meter.exact,
            lambda: calls.run(entry, search),
        )
        self._run(jail, start, outputs, Lines(results, header["count"] + 1))

    def _tests(self, header: dict[str, Any], descriptors: list[int]) -> None:
        """Two processes, each in a jail of its own: the tests, and the program that they ask."""
        out, err, program_out, program_err, results, source, tests, prelude = descriptors
        setting, exact = self.setting, self.meter.exact
        jail = self._begin(header, processes=2)
        caps = jail.caps.writing(RESULT_BYTES)
        ours, theirs = socket.socketpair()
        gate, unlock = os.pipe()
        judge = Start(
            [self._null, out, err, results, ours.fileno(), tests, prelude, unlock],
            caps,
            exact,
            lambda: tester.run(header["kind"], header["entry"], header["start"], setting.search),
            private=True,
            rights=setting.tester_rights,
        )
        streams = [self._null, program_out, program_err]
        program = Start([*streams, theirs.fileno(), source, gate], caps, exact, lambda: candidate.run(setting.search))
        try:
            pid = jail.start(judge)
            jail.start(program)
        except OSError:
            jail.close()
            raise
        finally:
            for fd in (gate, unlock):
                os.close(fd)
            ours.close()
            theirs.close()
        outputs = [out, err, program_out, program_err]
        self._finish(jail, Watch(pid, jail.caps, self.meter, outputs, Lines(results, MOST_LINES)))

    def _own_scratch(self, header: dict[str, Any], caps: Caps) -> bool:
        """Whether a run has its /tmp to itself; else it is this process's, with the files that were given."""
        if not header.get("keep"):
            return True
        if self.setting.namespaces:
            if self._kept:
                kernel.umount(self.setting.scratch)
            rootfs.mount_scratch(caps.disk)
            self._kept = True
        if self._given is not None:
            exchange.place(Path(self.setting.scratch), *self._given, self.setting.uid)
        return False

    def _collect(self, header: dict[str, Any], descriptors: list[int]) -> None:
        target = _copied_to(descriptors)
        names, sizes = exchange.collect(Path(self.setting.scratch) / "out", header["limit"], target)
        self._reply({"op": "files", "names": names, "sizes": sizes})

    def _fetch(self, header: dict[str, Any], descriptors: list[int]) -> None:
        target = _copied_to(descriptors)
        names, sizes = exchange.fetch(Path(self.setting.scratch), header["names"], header["limit"], target)
        self._reply({"op": "files", "names": names, "sizes": sizes})


def _copied_to(descriptors: list[int]) -> int:
    """The output of a message, made such that the kernel copies to it: it does not to what is appended to."""
    fcntl.fcntl(descriptors[0], fcntl.F_SETFL, 0)
    return descriptors[0]


def _protect() -> None:
    """Where there is no memory left, a program is killed and not what watches it; not every root may say so."""
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"-1000")
        os.close(fd)


def _adopt_orphans(setting: Setting) -> None:
    """Become the parent of what programs leave. Where the kernel (gVisor's) can't, they are found by their user."""
    try:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    except OSError:
        if not setting.users:
            raise


def serve(setting: Setting, meter: Meter, channel: socket.socket) -> None:
    """A slot's whole life: it ends with the host's end of the channel, and its jails with it."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _protect()
    if setting.namespaces:
        os.setsid()  # runs are of this session, and share the processor with this slot and not with others
        kernel.unshare(SLOT_NAMESPACES)
        rootfs.slot_mounts()
    else:
        _adopt_orphans(setting)
    slot = Slot(setting, meter, channel)
    script.pose()
    script.rehearse()
    slot.serve()
