"""The jail works the same where there is no C compiler: both ways of starting programs, side by side."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox import Limits, Program, Sandbox
from sandbox.backends import native
from tests.sandbox.conftest import jail_of_one_slot

pytestmark = pytest.mark.e2e

SECRETS = "import re\nhits = 0\nfor line in open('/proc/self/maps'):\n  a, p = line.split()[:2]\n  if 'r' not in p or '[v' in line: continue\n  lo, hi = (int(n, 16) for n in a.split('-'))\n  with open('/proc/self/mem', 'rb') as f:\n    f.seek(lo)\n    try: hits += len(re.findall(b'sesame' + b'-[0-9]', f.read(hi - lo)))\n    except OSError: pass\nprint(hits)"


@pytest.fixture(scope="module", params=["native", "plain"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if request.param == "native" and native.library() is None:
        pytest.skip("no C compiler here")
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "plain":
                patch.setattr(native, "library", lambda: None)
            opened = stack.enter_context(jail_of_one_slot())
        yield opened


JOBS: dict[str, dict[str, Any]] = {
    "stdio": {"mode": "stdio", "code": "print(int(input()) * 2)", "tests": [{"input": "2", "output": "4"}] * 5},
    "function": {"mode": "function", "entry_point": "f", "code": "f = abs", "tests": [{"args": [-1], "expected": 1}]},
    "asserts": {"mode": "asserts", "code": "def f(x): return x", "tests": ["assert f(1) == 1", "assert f([2]) == [2]"]},
    "bash": {"mode": "stdio", "language": "bash", "code": "read x; echo $x", "tests": [{"input": "a", "output": "a"}]},
}


@pytest.mark.parametrize("name", JOBS)
def test_every_mode_works_by_both_launchers(sandbox: Sandbox, name: str) -> None:
    report = sandbox.judge(JOBS[name])
    assert report.status == "AC", report


@pytest.mark.parametrize("language", ["python", "bash"])
def test_limits_hold_by_both_launchers(sandbox: Sandbox, language: str) -> None:
    code = {"python": "while True: pass", "bash": "while :; do :; done"}[language]
    assert sandbox.run(Program(language, code), Limits(wall_s=0.5)).why in ("wall", "cpu")


ENDINGS: dict[str, tuple[str, str]] = {
    "at once": ("print(1)", "AC"),
    "after a while": ("import time; time.sleep(0.2); print(1)", "AC"),
    "with a status": ("print(1); raise SystemExit(3)", "RE"),
    "by a signal": ("import os; os.kill(os.getpid(), 11)", "RE"),
    "with too much output": ("print('1' * 100_000)", "OLE"),
    "with too much memory": ("held = bytearray(1 << 30)", "MLE"),
    "with a child that lives on": ("import os, time; os.fork() or time.sleep(60); print(1)", "AC"),
    "too late": ("import time; time.sleep(60)", "TLE"),
}
"""How one of several runs of the same kind may end."""


@pytest.mark.parametrize("language", ["python", "bash"])
def test_each_run_of_many_ends_in_its_own_way(sandbox: Sandbox, language: str) -> None:
    code = {"python": "exec(input())", "bash": 'read x; exec python3 -c "$x"'}[language]
    order = [name for ending in ENDINGS for name in ("at once", ending, ending)]
    rows = [{"input": ENDINGS[name][0], "output": "1"} for name in order]
    limits = {"wall_s": 1, "output_bytes": 50_000, "memory_mb": 256}
    job = {"mode": "stdio", "language": language, "code": code, "tests": rows, "limits": limits}
    report = sandbox.judge(job)
    expected = [ENDINGS[name][1] for name in order]
    assert [test.status for test in report.tests] == expected, report


@pytest.mark.parametrize("language", ["python", "bash"])
def test_programs_have_all_processors_that_the_sandbox_has(sandbox: Sandbox, language: str) -> None:
    code = {"python": "print(open('/proc/self/status').read())", "bash": "cat /proc/self/status"}[language]
    allowed = next(line for line in Path("/proc/self/status").read_text().splitlines() if "Cpus_allowed:" in line)
    for _ in range(20):
        assert allowed.encode() in sandbox.run(Program(language, code)).stdout.splitlines()


def test_files_of_a_program_are_gone_when_another_runs(sandbox: Sandbox) -> None:
    listing = Program("bash", "echo /box/*; cat /box/*")
    assert b"cat /box" in sandbox.run(listing).stdout
    assert b"cat /box" in sandbox.run(listing).stdout
    assert sandbox.run(Program("python", "import os; print(os.listdir('/box'))")).stdout == b"[]\n"
    assert sandbox.run(Program("bash", "echo /box/*")).stdout == b"/box/main.sh\n"


def test_files_of_a_program_take_no_more_memory_than_they_hold(sandbox: Sandbox) -> None:
    code = "df --output=used -k /box | tail -n 1"
    for padding in (0, 100_000, 3_000_000):
        used = int(sandbox.run(Program("bash", f"{code}\n#{'x' * padding}")).stdout)
        assert 0 < used * 1024 - padding <= 2 * 4096


def test_files_are_given_and_fetched_by_both_launchers(sandbox: Sandbox) -> None:
    code = "open('b', 'w').write(open('a').read() * 2)"
    execution = sandbox.run(Program("python", code, files={"a": b"x"}, fetch=("b",)))
    assert execution.files == {"b": b"xx"}
    assert not sandbox.run(Program("python", "print(open('a').read())")).ok


def test_nothing_of_an_earlier_run_is_in_a_later_one_s_memory(sandbox: Sandbox) -> None:
    """A program is forked from a process that served others before it: that one must never have read what they did."""
    word = "print('sesame' + '-' + str(len(input())))"
    sandbox.judge({"mode": "stdio", "code": word, "tests": [{"input": "sesame-7", "output": "sesame-8"}] * 3})
    sandbox.judge({"mode": "function", "entry_point": "f", "code": "# sesame-1\ndef f(x): return x + '-9'",
                   "tests": [{"args": ["sesame"], "expected": "sesame-9"}]})  # fmt: skip
    sandbox.judge({"mode": "asserts", "code": "def f(x): return x", "tests": ["assert f('sesame-3') == 'sesame-3'"]})
    sandbox.run(Program("python", "open('b', 'w').write('sesame-4')", files={"a": b"sesame-5"}, fetch=("b",)))
    sandbox.run(Program("bash", "echo sesame-6"))
    assert sandbox.run(Program("python", SECRETS)).stdout == b"0\n"
    assert sandbox.run(Program("python", "mine = 'sesame-0'\n" + SECRETS)).stdout != b"0\n"


def test_the_scheduling_group_that_runs_share_with_their_slot_is_not_theirs_to_change(sandbox: Sandbox) -> None:
    code = "import os\ndef order(what):\n  try: what(); print('done')\n  except OSError: print('refused')\n"
    orders = ["open('/proc/self/autogroup', 'w').write('19')", "os.setpriority(os.PRIO_PROCESS, 1, 19)",
              "os.setpriority(os.PRIO_USER, 0, -5)", "os.setpriority(os.PRIO_PGRP, 0, -5)"]  # fmt: skip
    code += "\n".join(f"order(lambda: {order})" for order in orders)
    assert sandbox.run(Program("python", code)).stdout == b"refused\n" * len(orders)
