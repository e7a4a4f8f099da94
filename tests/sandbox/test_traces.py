"""What sandboxes leave behind: nothing, however they end."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import pytest

from sandbox import Config, Limits, Program, Sandbox, SandboxError, SandboxUnavailable
from sandbox.backends.base import PACKAGE
from sandbox.harness.keeper import FIRST_USER, USERS_A_KEEPER

pytestmark = pytest.mark.e2e
PATIENCE_S = 15.0
ROOT = Path(__file__).parents[2]


class Before(NamedTuple):
    """What there was of sandboxes when a test began, and the keepers whose slots may come and go meanwhile."""

    keepers: frozenset[int]
    traces: frozenset[str]

    def left(self) -> frozenset[str]:
        """What has come since and belongs to no keeper of then."""
        return traces(self.keepers | set(harnesses(ours=False))) - self.traces

    def settled(self) -> frozenset[str]:
        """What is left once nothing is, or after some patience."""
        deadline = time.monotonic() + PATIENCE_S
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left


def harnesses(*, ours: bool = True) -> list[int]:
    """Processes of sandboxes of this checkout, or of others on the same machine."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(b"sandbox.harness" in part for part in command) and (str(PACKAGE).encode() in command) is ours:
            found.append(int(entry.name))
    return found


def traces(known: Collection[int]) -> frozenset[str]:
    """Processes, mounts, groups and files of sandboxes, less what belongs to one of the known keepers."""
    found = {f"process {pid}" for pid in harnesses() if not _descends(pid, known)}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            uid = entry.stat().st_uid
        except OSError:
            continue
        if uid >= FIRST_USER and (uid - FIRST_USER) // USERS_A_KEEPER not in known:
            found.add(f"process {entry.name} of user {uid}")
    groups = Path("/sys/fs/cgroup").glob("**/assay-*")
    found |= {f"group {path}" for path in groups if path.name.removeprefix("assay-") not in map(str, known)}
    found |= {f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    files = Path(tempfile.gettempdir()).glob("assay-unsafe*")
    return frozenset(found | {f"file {path}" for path in files})


def _descends(pid: int, known: Collection[int]) -> bool:
    while pid > 1 and pid not in known:
        try:
            pid = _parent(pid)
        except OSError:
            return False
    return pid in known


def at_rest(others: set[int]) -> list[int]:
    """The sandbox's processes once none comes or goes: a slot makes its next process while nobody waits for it."""
    deadline, now = time.monotonic() + PATIENCE_S, None
    while now != (now := [pid for pid in harnesses() if pid not in others]) and time.monotonic() < deadline:
        time.sleep(0.3)
    return now


def memory_mb(pids: list[int]) -> float:
    """What they wrote themselves, pages that they share counted once: no page of a library, whose share grows
    when a neighbour that maps it too ends."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))
    return total / 1024


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Before:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox("jail", Config(slots=1)):  # clears what an earlier, killed run of these tests left
        pass
    keepers = frozenset(harnesses())
    return Before(keepers, traces(keepers))


@pytest.mark.parametrize("backend", ["jail", "unsafe_subprocess"])
def test_nothing_is_left_after_a_thousand_runs_and_memory_is_flat(before: Before, backend: str) -> None:
    others = set(harnesses())
    program = Program(
        "python",
        "import os\nopen('/tmp/x', 'w').write('x')\nos.fork() or os.setsid() or __import__('time').sleep(9)\nprint(1)",
    )
    with Sandbox(backend, Config(slots=2)) as sandbox:
        used: list[float] = []
        for _ in range(2):
            threads = [threading.Thread(target=lambda: [sandbox.run(program) for _ in range(250)]) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            used.append(memory_mb(at_rest(others)))
        assert used[1] < 60, used
        assert used[1] < used[0] + 3, used
    assert not before.settled()


@pytest.mark.parametrize("backend", ["jail", "unsafe_subprocess"])
def test_nothing_is_left_after_a_killed_owner(before: Before, backend: str) -> None:
    code = (
        "import sys, threading\nfrom sandbox import *\n"
        f"s = Sandbox({backend!r}).open()\n"
        "p = Program('python', 'import os\\nfor _ in range(5): os.fork()\\nwhile True: pass')\n"
        "for _ in range(2): threading.Thread(target=lambda: s.run(p, Limits(wall_s=60))).start()\n"
        "print('up', flush=True)\n"
    )
    if backend != "jail":
        pytest.xfail("known gap: without a jail a killed owner's temporary directory stays until the system clears it")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        time.sleep(0.5)
        assert before.left()
        owner.send_signal(signal.SIGKILL)
    assert not before.settled()


def test_what_a_killed_keeper_could_not_clear_the_next_start_clears(before: Before) -> None:
    others = set(harnesses())
    sandbox = Sandbox("jail", Config(slots=1)).open()
    os.kill(_new_keeper(others), signal.SIGKILL)
    with pytest.raises(SandboxError):
        for _ in range(3):
            sandbox.run(Program("python", "print(1)"))
    sandbox.close()
    with Sandbox("jail", Config(slots=1)) as other:
        assert other.run(Program("python", "print(1)")).ok
    assert not before.settled()


def _new_keeper(others: set[int]) -> int:
    """The keeper that this process started last: sandboxes of other tests may still be open."""
    return next(pid for pid in harnesses() if pid not in others and _parent(pid) == os.getpid())


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_slot_whose_supervisor_is_killed_is_replaced(before: Before) -> None:
    others = set(harnesses())
    with Sandbox("jail", Config(slots=1)) as sandbox:
        assert sandbox.run(Program("python", "print(1)")).ok
        keeper = _new_keeper(others)
        zygote = next(pid for pid in harnesses() if _parent(pid) == keeper)
        slot = next(pid for pid in harnesses() if _parent(pid) == zygote)
        os.kill(slot, signal.SIGKILL)
        job = {"language": "python", "mode": "stdio", "code": "print(1)", "tests": [{"input": "", "output": "1"}]}
        assert sandbox.judge(job).status == "AC"
    assert not before.settled()


def test_closing_ends_what_runs(before: Before) -> None:
    sandbox = Sandbox("jail", Config(slots=1)).open()
    ended: list[object] = []

    def run() -> None:
        try:
            ended.append(sandbox.run(Program("python", "while True: pass"), Limits(wall_s=60)))
        except SandboxError as cause:
            ended.append(cause)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    sandbox.close()
    thread.join(PATIENCE_S)
    assert isinstance(ended[0], SandboxError)
    assert not before.settled()
    with pytest.raises(SandboxUnavailable):
        sandbox.run(Program("python", "print(1)"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
def test_an_ordinary_user_has_jails_too(before: Before) -> None:
    if not Path("/proc/self/ns/user").exists():
        pytest.skip("the kernel has no user namespaces")
    python = next(
        (p for p in ("/usr/bin/python3.13", "/usr/bin/python3.12", "/usr/bin/python3.11") if Path(p).exists()), None
    )
    if python is None:
        pytest.skip("no Python 3.11 or newer that every user may run")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom sandbox import *\n"
        "with Sandbox() as s:\n"
        "  print(s.run(Program('python', 'import os; print(os.getpid(), len(os.listdir(\"/proc\")) > 9)')).stdout)\n"
        "  print(s.run(Program('python', 'x = bytearray(10**9)'), Limits(memory_mb=64)).why)\n"
        "  print(s.run(Program('python', 'import ctypes\\nprint(ctypes.CDLL(None).unshare(0x10000000))')).stdout)\n"
        "  print(s.judge({'mode': 'asserts', 'code': 'def f(x): return x', 'tests': ['assert f(1) == 1']}).status)\n"
    )
    command = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", python, "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60, check=False)
    if "PermissionError" in done.stderr and str(ROOT) in done.stderr:
        pytest.skip("the checkout can't be read by other users")
    assert done.stdout.splitlines() == ["b'2 True\\n'", "memory", "b'-1\\n'", "AC"], done.stderr
    assert not before.settled()
