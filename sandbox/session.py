"""One job's hold on a slot: the host's end of a jail, from its `up` to its end."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.errors import SandboxFault, SandboxUnavailable
from sandbox.execution import Execution
from sandbox.harness import wire

BUILD_S = 30.0
"""A jail is built in milliseconds; on a machine that needs longer than this nothing can be judged."""
GRACE_S = 15.0
"""What a run may take longer than its wall limit: killing it, and moving its output on a busy machine."""


class Session:
    """Runs programs of one job in one jail, one after the other. Not thread-safe."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def expect(self, seconds: float) -> wire.Message:
        """The jail's next message. Raises SandboxFault where the jail was lost."""
        try:
            self._channel.settimeout(seconds)
            message = wire.receive(self._channel)
        except TimeoutError as cause:
            raise SandboxFault(f"the jail did not answer within {seconds:.0f} s") from cause
        except (OSError, wire.WireError) as cause:
            raise SandboxFault(f"the jail was lost: {cause}") from cause
        if message.header["op"] == "down":
            raise SandboxUnavailable(f"no jail: {message.header['error']}")
        return message

    def begin(self) -> None:
        """Wait until the jail is built. Raises SandboxUnavailable, SandboxFault."""
        if self.expect(BUILD_S).header["op"] != "up":
            raise SandboxFault("the jail's supervisor is out of step")

    def send(self, header: dict[str, Any], *blobs: bytes) -> None:
        try:
            self._channel.settimeout(GRACE_S)
            wire.send(self._channel, header, *blobs)
        except OSError as cause:
            raise SandboxFault(f"the jail was lost: {cause}") from cause

    def files(self, files: dict[str, bytes]) -> None:
        """Put files into /box, where programs can read and not write."""
        if files:
            self.send({"op": "files", "names": list(files)}, *files.values())

    def run(self, op: str, caps: dict[str, Any], *blobs: bytes, **header: Any) -> Execution:
        """One run; lines on its result channel are dropped."""
        for part in self.stream(op, caps, *blobs, **header):
            if isinstance(part, Execution):
                return part
        raise SandboxFault("the run has no end")

    def stream(
        self, op: str, caps: dict[str, Any], *blobs: bytes, bench: wire.Message | None = None, **header: Any
    ) -> Iterator[bytes | Execution]:
        """One run: pieces of its result channel as they come, and the Execution as the last.

        `bench`: a second message, for the tests' process alone.
        """
        self.send({"op": op, "caps": caps, **header}, *blobs)
        if bench is not None:
            self.send(bench.header, *bench.blobs)
        while True:
            message = self.expect(caps["wall_s"] + GRACE_S)
            match message.header["op"]:
                case "lines":
                    yield message.blobs[0]
                case "done":
                    yield Execution.of(message.header, message.blobs)
                    return
                case _:
                    raise SandboxFault("the jail ended during the run")

    def give(self, files: Mapping[str, bytes]) -> None:
        """Files for the /tmp of every further run, the program's own."""
        if files:
            self.send({"op": "give", "names": list(files)}, *files.values())

    def fetch(self, names: Sequence[str], limit: int) -> dict[str, bytes]:
        """Those of the named regular files that the last run left in /tmp, at most `limit` bytes of them."""
        self.send({"op": "fetch", "names": list(names), "limit": limit})
        return self._files()

    def collect(self, limit: int) -> dict[str, bytes]:
        """Regular files that the last run left under /tmp/out, at most `limit` bytes of them."""
        self.send({"op": "collect", "limit": limit})
        return self._files()

    def _files(self) -> dict[str, bytes]:
        message = self.expect(GRACE_S)
        if message.header["op"] != "files":
            raise SandboxFault("the jail ended before its files were read")
        return dict(zip(message.header["names"], message.blobs, strict=True))

    def end(self) -> None:
        """The job is done; the slot builds its next jail meanwhile."""
        self.send({"op": "end"})
