"""Test modes: two confined processes, the tests here and the program in an inner jail that can't see this one.

The inner jail has namespaces of its own below this jail's: the program has no view of the tester's process, files or
descriptors, only one stream on which it is asked and answers.
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
    """Serve one `tests` message of a jail."""
    from sandbox.harness.jail import enter

    caps = jail.start(message)
    setting = jail.setting
    header = message.header
    source, tests, prelude = message.blobs
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    standard = [Output("stdin"), Output("stdout").appending(), Output("stderr").appending()]
    common = [item.fd for item in standard]
    counted = setting.meter.exact

    def program() -> None:
        confine(setting.rights, caps, [*common, theirs.fileno()], counted=counted)
        candidate.run(source, setting.search)

    def inner() -> None:
        # The descriptors of the tests' side end here, before anything of the program is run.
        ours.close()
        os.close(reading)
        os.close(writing)
        if setting.namespaces:
            from sandbox.harness import rootfs

            rootfs.fresh_scratch(caps.disk, used=False)
        pid = fork_into(program)
        theirs.close()
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        os._exit(code if code >= 0 else 128 - code)

    def test() -> None:
        descriptors = [*common, writing, ours.fileno()]
        confine(setting.tester_rights, caps, descriptors, counted=counted, private=True)
        codes: list[str] = json.loads(tests)
        tester.run(header["kind"], codes, prelude.decode(), header["entry"], header["start"], setting.search)

    enter(setting, inner)
    pid = fork_into(test)
    os.close(writing)
    ours.close()
    theirs.close()
    jail.finish(Watch(pid, caps, setting.meter, standard[1:], jail.kill_all), caps, standard, reading)
    os.close(reading)
