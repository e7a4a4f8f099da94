"""Test modes: two confined processes, the tests here and the program in an inner jail that can't see this one.

The inner jail has namespaces of its own below this jail's: the program has no view of the tester's process, files or
descriptors, only one stream on which it is asked and answers.

Forked processes keep their ancestors' memory, so no ancestor of the program may ever have held the tests: the tests'
process reads them itself from the host's channel, and the program's process is made before it does. For the same
reason a job that needs another try, after the outcomes of the first have passed through this jail, gets a fresh jail.
"""

import json
import os
import socket
from typing import TYPE_CHECKING

from sandbox.harness import candidate, kernel, tester, wire
from sandbox.harness.confine import confine
from sandbox.harness.supervise import Output, Watch, fork_into

if TYPE_CHECKING:
    from sandbox.harness.jail import Jail


def run(jail: "Jail", message: wire.Message) -> None:
    """Serve one `tests` message of a jail, and leave the `bench` message that follows it to the tests' process."""
    from sandbox.harness.jail import enter

    caps = jail.start(message)
    setting = jail.setting
    (source,) = message.blobs
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    gate, unlock = os.pipe()
    counted = setting.meter.exact
    standard, programs = _standard(), _standard()

    def program() -> None:
        confine(setting.rights, caps, [*(item.fd for item in programs), theirs.fileno()], counted=counted)
        candidate.run(source, setting.search)

    def inner() -> None:
        # The descriptors of the tests' side end here, before anything of the program is run.
        ours.close()
        for fd in (reading, writing, unlock, *(item.fd for item in standard)):
            os.close(fd)
        if setting.namespaces:
            from sandbox.harness import rootfs

            rootfs.fresh_scratch(caps.disk, used=False)
        os.read(gate, 1)  # ends when the tests' process has what it needs: nothing of the program may hinder that
        pid = fork_into(program)
        theirs.close()
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        os._exit(code if code >= 0 else 128 - code)

    def test() -> None:
        bench = jail.receive()
        tests, prelude = bench.blobs
        descriptors = [*(item.fd for item in standard), writing, ours.fileno()]
        confine(setting.tester_rights, caps, descriptors, counted=counted, private=True)
        codes: list[str] = json.loads(tests)
        header = bench.header
        tester.run(header["kind"], codes, prelude.decode(), header["entry"], header["start"], setting.search)

    enter(setting, inner)
    pid = fork_into(test)
    for fd in (writing, gate, unlock):
        os.close(fd)
    ours.close()
    theirs.close()
    outputs = [*standard[1:], *programs[1:]]
    jail.finish(Watch(pid, caps, setting.meter, outputs, jail.kill_all), caps, [standard, programs], reading)
    os.close(reading)


def _standard() -> list[Output]:
    """Standard streams of one process: the program must not read what the test code prints."""
    return [Output("stdin"), Output("stdout").appending(), Output("stderr").appending()]
