"""One job's hold on a slot: the host's end of a jail, from its `up` to its end."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.errors import SandboxFault, SandboxUnavailable
from sandbox.execution import Execution
from sandbox.harness import wire
from sandbox.harness.direct import Line
from sandbox.harness.supervise import MOST_STARVED

BUILD_S = 30.0
"""A jail is built in milliseconds; on a machine that needs longer than this nothing can be judged."""
GRACE_S = 15.0
"""What a run may take longer than its wall limit: killing it, and moving its output on a busy machine."""


class Session:
    """Runs programs of one job in one jail, one after the other. Not thread-safe."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._wanted: Mapping[str, bytes] = {}
        self._leaves = False
        """Whether files of this job are in the jail's /tmp, to be cleaned up after it."""

    def expect(self, seconds: float) -> wire.Message:
        """The jail's next message. Raises SandboxFault where the jail was lost."""
        try:
            self._line.wait_at_most(seconds)
            message = self._line.receive()
        except TimeoutError as cause:
            raise SandboxFault(f"the jail did not answer within {seconds:.0f} s") from cause
        except (OSError, wire.WireError) as cause:
            raise SandboxFault(f"the jail was lost: {cause}") from cause
        if message.header["op"] == "down":
            raise SandboxUnavailable(f"no jail: {message.header['error']}")
        return message

    def begin(self) -> None:
        """Wait until the jail is built. Raises SandboxUnavailable, SandboxFault."""
        known = self._line.known
        if known.up:
            return
        up = self.expect(BUILD_S).header
        if up["op"] != "up":
            raise SandboxFault("the jail's supervisor is out of step")
        known.up, known.keeps = True, up["keeps"]
        if not known.keeps:
            known.boxed = {}

    def send(self, header: dict[str, Any], inputs: Sequence[bytes] = (), take: Sequence[int] = ()) -> None:
        try:
            self._line.send(header, inputs, take)
        except OSError as cause:
            raise SandboxFault(f"the jail was lost: {cause}") from cause

    def files(self, files: Mapping[str, bytes]) -> None:
        """What is to be in /box, which programs can read and not write; from the next run on."""
        self._wanted = files

    def give(self, files: Mapping[str, bytes]) -> None:
        """Files for the /tmp of every further run, the program's own."""
        if files:
            self._leaves = True
            self._put("give", files)

    def _put(self, op: str, files: Mapping[str, bytes]) -> None:
        sizes = [len(content) for content in files.values()]
        self.send({"op": op, "names": list(files), "sizes": sizes}, [b"".join(files.values())])

    def _fill_box(self) -> None:
        # A slot keeps the files of the job before: often this one runs the same program.
        if self._line.known.boxed != self._wanted:
            self._line.known.boxed = self._wanted
            self._put("files", self._wanted)

    def run(self, op: str, caps: dict[str, Any], *inputs: bytes, **header: Any) -> Execution:
        """One run. Raises SandboxFault, SandboxUnavailable."""
        self.start(op, caps, *inputs, **header)
        return self.finish(caps)

    def start(
        self, op: str, caps: dict[str, Any], *inputs: bytes, streams: int = 1, more: Sequence[int] = (), **header: Any
    ) -> None:
        """Ask for a run. The next may be asked for before this one is done: it waits its turn.

        `streams`: processes that have a standard output and error; `more`: sizes of further outputs.
        """
        self._fill_box()
        self._leaves |= bool(header.get("keep"))
        take = [caps["output"]] * 2 * streams + [*more]
        self.send({"op": op, "caps": caps, **header}, inputs, take)

    def finish(self, caps: dict[str, Any], steps: int = 1) -> Execution:
        """Wait for the end of the first run that was asked for and is not done.

        `steps`: how often it may take the wall time anew.
        """
        message = self.expect(caps["wall_s"] * steps * MOST_STARVED + GRACE_S)
        if message.header["op"] != "done":
            raise SandboxFault("the jail ended during the run")
        execution = Execution.of(message.header, message.blobs)
        if execution.why == "starved":
            raise SandboxFault("the machine had no time for the program")
        return execution

    def fetch(self, names: Sequence[str], limit: int) -> dict[str, bytes]:
        """Those of the named regular files that the last run left in its kept /tmp, at most `limit` bytes of them."""
        return self._files(limit, {"op": "fetch", "names": list(names), "limit": limit})

    def collect(self, limit: int) -> dict[str, bytes]:
        """Regular files that the last run left under its kept /tmp/out, at most `limit` bytes of them."""
        return self._files(limit, {"op": "collect", "limit": limit})

    def _files(self, limit: int, header: dict[str, Any]) -> dict[str, bytes]:
        self.send(header, (), [limit])
        message = self.expect(GRACE_S)
        if message.header["op"] != "files":
            raise SandboxFault("the jail ended before its files were read")
        at, found = 0, dict[str, bytes]()
        for name, size in zip(message.header["names"], message.header["sizes"], strict=True):
            found[name] = message.blobs[0][at : at + size]
            at += size
        return found

    def end(self) -> None:
        """The job is done; the slot cleans up after it, if there is a need. Raises SandboxFault."""
        if not self._line.idle:
            raise SandboxFault("a job ended before its runs")
        if self._leaves or not self._line.known.keeps:
            self._line.known.up = False
            self.send({"op": "end"})
