"""Runs like earlier ones, which repeat.c serves from the message to the answer: what it knows, and what it hands over.

A test after the other of a program, or programs with the same limits, differ in what their descriptors hold and not in
their headers. The interpreter, whose pages every run copies as far as they are written to, then has nothing to do.
"""

import ctypes
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from sandbox.harness import wire
from sandbox.harness.confine import Caps
from sandbox.harness.launcher import MOST_DESCRIPTORS, NativeLauncher, Order, Start, positive
from sandbox.harness.meter import Meter, cpu_of, oom_kills_of
from sandbox.harness.supervise import Begun, End, end_with, first_look

MOST_REPEATS, MOST_GIVEN, MOST_HEADER, MOST_TEXT = 4, 16, 4096, 512
MESSAGE, CHILD, STARTED, ENDED = 1, 2, 3, 4


class _Repeat(ctypes.Structure):
    """repeat.c's `struct repeat`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("length", "given", "first_ms", "output")),
        ("take", ctypes.c_int64 * MOST_DESCRIPTORS),
        ("order", Order),
        ("header", ctypes.c_char * MOST_HEADER),
    )


class _Slot(ctypes.Structure):
    """repeat.c's `struct slot`."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("channel", "peak", "events", "cpu", "sockets", "which", "given")),
        ("descriptors", ctypes.c_int64 * MOST_GIVEN),
        *((name, ctypes.c_int64) for name in ("length", "held", "pid", "init", "init_fd", "status", "cpu_us",
                                              "rss_kb", "ended")),
        *((name, ctypes.c_double) for name in ("started", "wall_s")),
        ("header", ctypes.c_char * MOST_HEADER),
        *((name, ctypes.c_char * MOST_TEXT) for name in ("events_before", "cpu_before")),
        ("repeats", _Repeat * MOST_REPEATS),
    )  # fmt: skip


@dataclass(frozen=True)
class Handed:
    """A run that was started and is to be watched further, or has ended in some way that needs a look."""

    caps: Caps
    descriptors: list[int]
    """Of the message: the first are the outputs."""
    pid: int
    begun: Begun
    init: tuple[int, int] | None
    """Pid and pidfd of its namespace's first process, which still lives; None: all has ended and was waited for."""
    end: End | None


class Repeats:
    """The runs that a slot has served and would serve in the same way again."""

    def __init__(self, launcher: NativeLauncher, meter: Meter, channel: socket.socket, sockets: int) -> None:
        """`sockets`: an open file that tells how many there are, see sockets.py; -1: there is none."""
        self._launcher, self._channel = launcher, channel
        self._slot = _Slot(channel=channel.fileno(), sockets=sockets, **meter.descriptors("peak", "events", "cpu"))
        self._address = ctypes.c_void_p(ctypes.addressof(self._slot))
        self._starts: dict[int, Start] = {}
        self._bodies: dict[int, Callable[[], NoReturn]] = {}
        self._kept: dict[int, object] = {}
        self._next = 0

    def forget(self) -> None:
        """The slot's limits have changed: none of the earlier runs would be the same now."""
        for known in self._slot.repeats:
            known.length = 0

    def add(self, header: Mapping[str, Any], given: Sequence[int], start: Start) -> None:
        """Have further runs with this header served as the last one was: start, wait, answer."""
        text = json.dumps(header).encode()
        if len(text) > MOST_HEADER:
            return
        at, self._next = self._next, (self._next + 1) % MOST_REPEATS
        known = self._slot.repeats[at]
        known.length, known.header, known.given = len(text), text, len(given)
        known.first_ms, known.output = first_look(start.caps), start.caps.output
        known.take[: len(start.descriptors)] = [given.index(fd) for fd in start.descriptors]
        known.order, self._kept[at] = self._launcher.last()
        self._starts[at], self._bodies[at] = start, partial(end_with, start.body)

    def next(self) -> wire.Descriptors | Handed:
        """Serve until there is a message for the interpreter, or a run. Raises OSError, WireError.

        Does not return in the process of a Python program.
        """
        slot = self._slot
        event = self._launcher.library.repeat(self._address)
        if event == CHILD:
            self._bodies[slot.which]()
        if event < 0:
            positive(event, "repeat")
        given = list(slot.descriptors[: slot.given])
        if event == MESSAGE:
            header = ctypes.string_at(ctypes.addressof(slot) + _Slot.header.offset, slot.held)
            return wire.Descriptors(wire.header_of(self._channel, slot.length, header), given)
        at: int = slot.which
        start = self._starts[at]
        begun = Begun(slot.started, oom_kills_of(slot.events_before.decode()), cpu_of(slot.cpu_before.decode()))
        if event == STARTED:
            return Handed(start.caps, given, slot.pid, begun, (slot.init, slot.init_fd), None)
        end = End(slot.status, slot.wall_s, slot.cpu_us / 1e6, slot.rss_kb)
        return Handed(start.caps, given, slot.pid, begun, None, end)
