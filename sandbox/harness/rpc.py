"""The line between test code and the program under test: two processes that share nothing else.

Frames: 4 bytes big-endian length, JSON. The tester asks and waits; while the program works on an answer it may call
back a function that it was given as an argument. Only data and numbered references cross (values.py).

    {"op": "call", "h": handle, "a": [...], "k": {...}}     and other `op`s of candidate.py → a reply
    {"cb": number, "a": [...], "k": {...}}                  the program calls the tester's function → a reply
    {"v": value, "w": [[position, value]], "p": printed}    a reply: what was returned, arguments that were changed
    {"x": {...}, "p": printed}                              a reply: what was raised
"""

import json
import os
from typing import Any

FRAME_BYTES = 32 << 20
"""Of one call's arguments or result."""


class Gone(BaseException):
    """The other process has ended. Not an Exception: test code must not be able to swallow it by accident."""


class Line:
    """One end, on a descriptor of a stream socket."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.dead = False

    def send(self, frame: dict[str, Any]) -> None:
        data = json.dumps(frame).encode()
        if len(data) > FRAME_BYTES:
            raise ValueError("more data than one call may carry")
        view = memoryview(len(data).to_bytes(4, "big") + data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError:
            raise self.gone() from None

    def receive(self) -> dict[str, Any]:
        length = int.from_bytes(self._exactly(4), "big")
        if length > FRAME_BYTES:
            raise self.gone()
        try:
            frame = json.loads(self._exactly(length))
        except (ValueError, RecursionError):
            raise self.gone() from None
        if not isinstance(frame, dict):
            raise self.gone()
        return frame  # pyright: ignore[reportUnknownVariableType]

    def _exactly(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count:
            try:
                part = os.read(self._fd, min(count, 1 << 20))
            except OSError:
                raise self.gone() from None
            if not part:
                raise self.gone()
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def gone(self, why: str = "the program ended before its tests were done") -> Gone:
        """What to raise where there is no answer, now and from now on."""
        self.dead = True
        return Gone(why)
