"""`assay code` and `assay run`, as a person or a script starts them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
ECHO = {"language": "python", "mode": "stdio", "code": "print(input())", "tests": [{"input": "a", "output": "a"}]}


def assay(*arguments: str, stdin: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False)


def answers(lines: list[Any], *arguments: str) -> list[dict[str, Any]]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    done = assay("code", *arguments, stdin=text)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_answers_come_in_order_one_for_each_line() -> None:
    slow = ECHO | {"code": "import time; time.sleep(.4); print(input())"}
    got = answers([{**slow, "id": 0}, *[{**ECHO, "id": n} for n in range(1, 8)]])
    assert [(line["id"], line["status"]) for line in got] == [(n, "AC") for n in range(8)]
    assert set(got[0]) == {"id", "status", "passed", "total", "tests", "elapsed_ms"}
    assert set(got[0]["tests"][0]) == {"status", "ms", "peak_mb", "stdout", "stderr"}


@pytest.mark.parametrize(
    "line",
    ["garbage", "[1]", "null", '"x"', "{", "{}", '{"id": 1}', '{"id": 1, "mode": "stdio"}', "[" * 5000, '{"a": NaN}', "\ufeff{}",
     {**ECHO, "language": "cobol"}, {**ECHO, "tests": {"inputs": 1}}, {**ECHO, "tests": "x"}, {**ECHO, "limits": {"wall_s": "x"}},
     {**ECHO, "code": 5}, {**ECHO, "mode": "function", "tests": [{}]}, {**ECHO, "mode": "asserts", "tests": [""]},
     {**ECHO, "mode": "asserts", "language": "cpp", "tests": ["x"]}, {**ECHO, "mode": "asserts", "code": "x = 1", "tests": "assert ("}],
)  # fmt: skip
def test_a_line_that_is_no_job_costs_only_itself(line: Any) -> None:
    got = answers([{**ECHO, "id": 1}, line, {**ECHO, "id": 2}])
    assert [answer["status"] for answer in got] == ["AC", "error", "AC"]
    assert got[1]["detail"]


def test_every_mode_answers_in_the_same_shape() -> None:
    lines = [
        {"id": 1, "language": "python", "mode": "function", "entry_point": "f", "code": "def f(a, b): return a + b",
         "tests": [{"args": [1], "kwargs": {"b": 2}, "expected": 3}]},
        {"id": 2, "language": "python", "mode": "asserts", "code": "def f(a): return a", "tests": ["assert f(1) == 1", "assert f(1) == 2"]},
        {"id": 3, "language": "python", "mode": "asserts", "code": "def f(a): return a", "tests": "assert f(1) == 1\nassert f(2) == 2"},
    ]  # fmt: skip
    got = answers(lines)
    assert [(line["status"], line["passed"], line["total"]) for line in got] == [
        ("AC", 1, 1),
        ("WA", 1, 2),
        ("AC", 1, 1),
    ]


def test_without_a_sandbox_nothing_runs_and_every_line_says_so() -> None:
    done = assay("code", "--backend", "nothing", stdin=json.dumps({**ECHO, "id": 5}) + "\nx\n")
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["id"], line["status"]) for line in got] == [(5, "error"), (None, "error")]
    assert "sandbox_unavailable" in got[0]["detail"] and done.returncode == 3


def test_a_person_runs_one_program(tmp_path: Path) -> None:
    program = tmp_path / "p.py"
    program.write_text("import sys\nprint(input() * 2)\nsys.exit(4)")
    done = assay("run", str(program), stdin="ab\n")
    assert (done.stdout, done.returncode) == ("abab\n", 4)
    assert "status 4" in done.stderr
