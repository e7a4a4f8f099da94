"""What is made before a run is asked for: the memory that it is forked from, and the namespaces that it runs in."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Limits, Program, Sandbox
from sandbox.backends import native
from sandbox.backends.base import ENVIRONMENT, PACKAGE, interpreter
from tests.sandbox.conftest import jail_of_one_slot

pytestmark = pytest.mark.e2e
PATIENCE_S = 10.0

WORK = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from sandbox.harness import arenas
library = ctypes.PyDLL(sys.argv[2])
arenas.gather(library)
import json, os, re, threading
from sandbox.harness import pages

def large():
    with open('/proc/self/smaps_rollup') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('AnonHugePages'))

def work():
    held = [[str(n) for n in range(1000)] for _ in range(300)]
    words = re.findall(r'[0-9]+', json.dumps(held[7]))
    del held  # whole arenas are given back, and taken again
    thread = threading.Thread(target=words.reverse)
    thread.start()
    thread.join()
    return sum(map(int, words))

def forked():
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.write(theirs, b'%d' % work())
        os._exit(0)
    os.wait()
    return int(os.read(ours, 100))

before = len(list(pages.mappings()))
expected = work()
pages.join()
pages.lift(library)
pages.collapse(library)
print(json.dumps({
    'mappings': [before, len(list(pages.mappings()))], 'large': large(),
    'sums': [work(), *(forked() for _ in range(3)), work()], 'expected': expected,
}))
"""


def test_an_interpreter_works_on_when_it_is_laid_out_anew() -> None:
    if (library := native.library()) is None:
        pytest.skip("no C compiler here")
    command = [interpreter(), "-S", "-s", "-P", "-B", "-c", WORK, str(PACKAGE.parent), str(library)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sums"] == [found["expected"]] * 5
    assert found["mappings"][1] < found["mappings"][0] * 0.75
    if os.uname().release.split("-")[0] >= "6.1" and Path("/sys/kernel/mm/transparent_hugepage").exists():
        assert found["large"] > 0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    if native.library() is None:
        pytest.skip("no C compiler here: nothing is made ahead")
    with jail_of_one_slot() as opened:
        yield opened


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _slots() -> list[int]:
    """They are children of the zygote, which is the keeper's, which is ours."""
    keepers = [pid for pid in _children(os.getpid()) if b"keeper" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [slot for keeper in keepers for zygote in _children(keeper) for slot in _children(zygote)]


def _ahead() -> int:
    """The first process of the next run's namespace: the slot's only child while nothing runs."""
    deadline, before = time.monotonic() + PATIENCE_S, list[int]()
    while time.monotonic() < deadline:
        found = [pid for slot in _slots() for pid in _children(slot)]
        if len(found) == 1 and found == before and _state(found[0]) == "S":
            return found[0]
        before = found
        time.sleep(0.02)
    raise AssertionError("nothing was made ahead")


TRIVIAL = {"python": "print(1)", "bash": "echo 1"}


@pytest.mark.parametrize("language", TRIVIAL)
def test_what_was_made_ahead_and_died_is_made_again(sandbox: Sandbox, language: str) -> None:
    for _ in range(5):
        assert sandbox.run(Program(language, TRIVIAL[language])).stdout == b"1\n"
        pid = _ahead()
        os.kill(pid, signal.SIGKILL)
        while _state(pid) not in ("Z", ""):
            time.sleep(0.001)
    assert sandbox.run(Program(language, TRIVIAL[language])).stdout == b"1\n"


@pytest.mark.parametrize("language", TRIVIAL)
def test_each_run_has_the_disk_that_it_is_granted_whatever_was_made_ahead(sandbox: Sandbox, language: str) -> None:
    code = {
        "python": "import os; about = os.statvfs('/tmp'); print(about.f_blocks * about.f_frsize >> 20)",
        "bash": "df --output=size -BM /tmp | tail -n 1 | tr -dc 0-9",
    }[language]
    for size in (8, 8, 16, 16, 8, 16):
        execution = sandbox.run(Program(language, code), Limits(disk_mb=size))
        assert execution.stdout.strip() == str(size).encode(), execution


def test_files_that_were_kept_for_their_owner_are_not_below_the_next_run_s_own(sandbox: Sandbox) -> None:
    mounts = Program("python", "print([line.split()[4] for line in open('/proc/self/mountinfo')].count('/tmp'))")
    assert sandbox.run(mounts).stdout == b"1\n"
    kept = Program("python", "open('b', 'w').write('x')", files={"a": b"x"}, fetch=("b",))
    for _ in range(3):
        assert sandbox.run(kept).files == {"b": b"x"}
        assert sandbox.run(mounts).stdout == b"1\n"


def test_a_run_leaves_nothing_in_what_is_made_for_the_next(sandbox: Sandbox) -> None:
    code = "import os; print(os.listdir('/tmp'), os.listdir('/proc/self/fd').__len__()); open('/tmp/x', 'w').write('x')"
    first = sandbox.run(Program("python", code)).stdout
    assert first.startswith(b"[] ")
    assert {sandbox.run(Program("python", code)).stdout for _ in range(10)} == {first}


def test_processes_that_fill_a_run_s_limit_and_outlive_it_leave_room_for_the_next(sandbox: Sandbox) -> None:
    code = "for n in {1..19}; do sleep 60 & done; echo $(ls /proc | grep -c '^[0-9]')"
    outputs = [sandbox.run(Program("bash", code), Limits(processes=24)) for _ in range(8)]
    assert len({(one.stdout, one.code) for one in outputs}) == 1, outputs
    _ahead()


def test_a_run_whose_slot_is_lost_is_run_in_another(sandbox: Sandbox) -> None:
    assert sandbox.run(Program("python", "print(1)")).ok
    (slot,) = _slots()
    killer = threading.Timer(0.3, os.kill, (slot, signal.SIGKILL))
    killer.start()
    assert sandbox.run(Program("python", "import time; time.sleep(1); print(1)")).stdout == b"1\n"
    killer.join()
    assert slot not in _slots()


def test_a_slot_that_dies_while_it_makes_the_next_namespace_holds_nobody_up(sandbox: Sandbox) -> None:
    """What it had just started must not keep its end of the stream open, or the host would wait for an answer."""
    for step in range(20):
        assert sandbox.run(Program("python", "print(1)")).ok
        time.sleep(step * 0.00002)
        for slot in _slots():
            os.kill(slot, signal.SIGKILL)
        assert sandbox.run(Program("python", "print(1)")).stdout == b"1\n"
