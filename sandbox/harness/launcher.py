"""Starts confined processes: by launch.c's library where it could be compiled, else step by step from Python.

Each process is born in a pid namespace of its own, behind a first process that is ours and, in the first way, builds a
fresh mount namespace ahead of time. The other namespaces are the slot's.
"""

import ctypes
import mmap
import os
import signal
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sandbox.harness import kernel, rootfs
from sandbox.harness.confine import (
    DEFAULT_SIGNALS,
    ENVIRONMENT,
    NATIVE_DEFAULT_SIGNALS,
    NATIVE_STACK,
    STACK,
    UNCOUNTED_STACK,
    Caps,
    Rights,
    confine,
    limits_of,
    offer,
    within_hard,
)
from sandbox.harness.supervise import end_with, fork_into

NAMESPACES = kernel.CLONE_NEWNS
"""Fresh for each run, besides the pid namespace."""
MOST_DESCRIPTORS, MOST_LIMITS = 8, 16
STAGES = ("fork", "session", "namespaces", "/proc", "/box", "descriptors", "scratch directory", "limits", "user",
          "rights", "system-call filter", "exec", "done")  # fmt: skip
"""launch.c's stages of a start, in their order."""
DONE = len(STAGES) - 1


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
    library: ctypes.PyDLL | None = None
    """launch.c, compiled."""
    alone: bool = True
    """Whether the network namespace holds nothing but this slot."""

    @property
    def rights(self) -> Rights:
        return Rights(self.uid, self.filter, self.scratch)

    @property
    def users(self) -> tuple[int, ...]:
        """Users that only programs and tests are, where they are not this process's own."""
        return (self.uid, self.uid + 1) if self.uid is not None and os.geteuid() == 0 else ()

    @property
    def tester_rights(self) -> Rights:
        """A user of its own for test code, where the process may choose."""
        other = self.uid + 1 if self.uid is not None and os.geteuid() == 0 else self.uid
        return replace(self.rights, uid=other)


@dataclass(frozen=True)
class Start:
    """One process to start. `body` runs in it once it has no rights; with `argv` it becomes that program instead."""

    descriptors: Sequence[int]
    caps: Caps
    counted: bool
    """Whether memory is limited for the whole tree, by a control group."""
    body: Callable[[], None] = lambda: None
    argv: Sequence[str] = ()
    native: bool = False
    private: bool = False
    rights: Rights | None = None
    """None: a program's."""
    own_scratch: bool = True
    """Whether it gets a scratch directory of its own, or the slot's, whose files can be read afterwards."""

    @property
    def limits(self) -> list[tuple[int, int, int]]:
        native = NATIVE_STACK if self.counted else UNCOUNTED_STACK
        return limits_of(self.caps, self.counted, native if self.native else STACK)


class Launcher(ABC):
    """Starts a slot's processes; those of one run take places from 0 on."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        # Programs of our own user must not write into /box.
        self._shielded = setting.namespaces and os.geteuid() != 0

    @abstractmethod
    def ready(self) -> None:
        """Start the first process of the next pid namespace ahead, for a run like the last one. Raises OSError."""

    @abstractmethod
    def init(self, start: Start, place: int = 0) -> int:
        """The first process of a new pid namespace, for what is started in it; its pid. Raises OSError."""

    @abstractmethod
    def discard(self) -> None:
        """What was made ahead is not to be used: a mount that it copied is gone."""

    @abstractmethod
    def start(self, start: Start, init: int | None, place: int = 0) -> int:
        """Start a process in the namespace of the pidfd `init`; its pid. Raises OSError."""

    @abstractmethod
    def failure(self, place: int = 0) -> str | None:
        """Once a process has ended: what went wrong before its own code ran, None where nothing did."""


class PlainLauncher(Launcher):
    """All in Python: a fork for the first process of a namespace and one for each that is started."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._home = os.open("/proc/self/ns/pid", os.O_RDONLY) if setting.namespaces else -1
        self._reports = mmap.mmap(-1, mmap.PAGESIZE)
        self._spare: int | None = None

    def ready(self) -> None:
        if self._spare is None and self.setting.namespaces:
            self._spare = kernel.clone(kernel.CLONE_NEWPID)
            if self._spare == 0:
                end_with(_wait_for_ever)

    def discard(self) -> None:
        pass

    def init(self, start: Start, place: int = 0) -> int:
        self.ready()
        spare, self._spare = self._spare, None
        assert spare is not None
        return spare

    def start(self, start: Start, init: int | None, place: int = 0) -> int:
        self._report(place, 0)
        if init is None:
            return fork_into(lambda: self._child(start, place))
        kernel.setns(init, kernel.CLONE_NEWPID)
        try:
            return fork_into(lambda: self._child(start, place))
        finally:
            kernel.setns(self._home, kernel.CLONE_NEWPID)

    def failure(self, place: int = 0) -> str | None:
        (done,) = struct.unpack_from("i", self._reports, place * 4)
        return None if done else "the process could not be confined"

    def _report(self, place: int, done: int) -> None:
        struct.pack_into("i", self._reports, place * 4, done)

    def _child(self, start: Start, place: int) -> None:
        setting = self.setting
        offer(not start.private)
        if setting.namespaces:
            kernel.unshare(NAMESPACES)
            rootfs.private_mounts(start.caps.disk if start.own_scratch else None, self._shielded)
        confine(start.rights or setting.rights, start.limits, start.descriptors, start.private)
        self._report(place, 1)
        self._reports.close()
        if not start.argv:
            start.body()
            return
        for number in NATIVE_DEFAULT_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.execve(start.argv[0], list(start.argv), dict(ENVIRONMENT))


def _wait_for_ever() -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects orphans by itself
    kernel.close_from(0)  # others wait for the ends of what it would hold open
    while True:
        signal.pause()


class Order(ctypes.Structure):
    """launch.h's `struct order`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("place", "init", "home", "uid", "dumpable", "boxed",
                                              "defaults", "victim", "count")),
        ("descriptors", ctypes.c_int64 * MOST_DESCRIPTORS),
        ("limited", ctypes.c_int64),
        ("limits", ctypes.c_int64 * (3 * MOST_LIMITS)),
        ("filter", ctypes.c_void_p),
        ("scratch", ctypes.c_char_p),
        ("scratch_options", ctypes.c_char_p),
        ("argv", ctypes.c_void_p),
        ("envp", ctypes.c_void_p),
    )  # fmt: skip


def _strings(texts: Sequence[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * (len(texts) + 1))(*(os.fsencode(text) for text in texts), None)


def _mask(numbers: Sequence[int]) -> int:
    return sum(1 << number for number in numbers)


class NativeLauncher(Launcher):
    """By launch.c: the first process of a namespace and a native program's start copy no memory at all."""

    def __init__(self, setting: Setting, library: ctypes.PyDLL) -> None:
        """Raises OSError where there is no memory for it."""
        super().__init__(setting)
        self.library = library
        if (error := library.launch_open()) < 0:
            raise OSError(-error, "launch_open")
        self._environment = _strings([f"{name}={value}" for name, value in ENVIRONMENT.items()])
        self._filter = kernel.prepared(setting.filter) if setting.filter is not None else None
        self._order = Order()
        self._order.home = os.open("/proc/self/ns/pid", os.O_RDONLY) if setting.namespaces else -1
        self._order.scratch = setting.scratch.encode()
        self._order.filter = ctypes.addressof(self._filter[1]) if self._filter is not None else None
        self._order.envp = ctypes.addressof(self._environment)
        self._limited: tuple[Caps, bool, bool] | None = None
        self._arguments: ctypes.Array[ctypes.c_char_p] | None = None

    def ready(self) -> None:
        positive(self.library.launch_ready(), "clone")

    def discard(self) -> None:
        self.library.launch_discard()

    def init(self, start: Start, place: int = 0) -> int:
        return positive(self.library.launch_init(ctypes.byref(self._ordered(start, place))), "clone")

    def start(self, start: Start, init: int | None, place: int = 0) -> int:
        order = self._ordered(start, place)
        order.init = -1 if init is None else init
        order.descriptors[: order.count] = start.descriptors
        pid = positive(self.library.launch(ctypes.byref(order)), "launch")
        if pid == 0:
            end_with(start.body)
        return pid

    def _ordered(self, start: Start, place: int) -> Order:
        order, setting = self._order, self.setting
        rights = start.rights or setting.rights
        order.place = place
        order.uid = -1 if rights.uid is None else rights.uid
        order.victim = not start.private
        order.dumpable, order.boxed = not start.private, self._shielded
        order.count = len(start.descriptors)
        self._limit(start)
        own = setting.namespaces and start.own_scratch
        order.scratch_options = rootfs.scratch_options(start.caps.disk).encode() if own else None
        self._arguments = _strings(start.argv) if start.argv else None
        order.argv = ctypes.addressof(self._arguments) if self._arguments is not None else None
        order.defaults = _mask(NATIVE_DEFAULT_SIGNALS if start.argv else DEFAULT_SIGNALS)
        return order

    def last(self) -> tuple[Order, object]:
        """A copy of the order of the last start, and what must be kept as long as it is used."""
        copy = Order.from_buffer_copy(self._order)
        copy.scratch_options = self._order.scratch_options  # the copy's own: a bare pointer came with the bytes
        return copy, (copy, self._arguments)

    def _limit(self, start: Start) -> None:
        # Most runs have the limits of the run before.
        if self._limited == (key := (start.caps, start.counted, start.native)):
            return
        limits = within_hard(start.limits)
        self._order.limited = len(limits)
        for at, (which, soft, hard) in enumerate(limits):
            self._order.limits[3 * at : 3 * at + 3] = (int(which), soft, hard)
        self._limited = key

    def failure(self, place: int = 0) -> str | None:
        stage = self.library.launch_stage(place)
        if stage == DONE:
            return None
        return f"{STAGES[stage]}: {os.strerror(self.library.launch_error(place))}"


def positive(result: int, what: str) -> int:
    """A result of launch.c or repeat.c. Raises OSError for those that are errors."""
    if result < 0:
        raise OSError(-result, f"{what}: {os.strerror(-result)}")
    return result


def make(setting: Setting) -> Launcher:
    """The faster of the two that works here."""
    return PlainLauncher(setting) if setting.library is None else NativeLauncher(setting, setting.library)


def load(path: str | None) -> ctypes.PyDLL | None:
    """launch.c's library, if it can be used here."""
    try:
        return None if path is None else ctypes.PyDLL(path)
    except OSError:
        return None
