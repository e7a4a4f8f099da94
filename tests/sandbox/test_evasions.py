"""Programs that do not want to be judged: a wrong one must end as wrong, never as the sandbox's or the data's fault.

An abstention costs a policy nothing, so whatever a program can do to get one, it will learn.
"""

import time
from typing import Any

import pytest

from sandbox import BadJob, Sandbox, Verdict
from sandbox.languages import available

pytestmark = pytest.mark.e2e

IMPORTING = "from solution import solve\nimport unittest\nclass T(unittest.TestCase):\n  def test_it(self): self.assertEqual(solve(3), 9)\n"
TESTS = {
    "asserts": ("asserts", ["assert solve(3) == 9"]),
    "unittest": ("unittest", IMPORTING),
    "pytest": ("pytest", "from main import solve\ndef test_it(): assert solve(3) == 9\n"),
    "module's name": ("pytest", "import solution\ndef test_it(): assert solution.solve(3) == 9\n"),
    "at the top": ("pytest", "from main import solve\nVALUE = solve(3) + 0\ndef test_it(): assert VALUE == 9\n"),
    "rows by the program": ("pytest", "import pytest\nfrom main import solve\n@pytest.mark.parametrize('a', solve([3]))\n"
                            "def test_it(a): assert a == 9\n"),
    "fixture of the class": ("unittest", "import unittest\nclass T(unittest.TestCase):\n  @classmethod\n  def setUpClass(cls): cls.v = solve(3)\n"
                             "  def test_it(self): self.assertEqual(self.v, 9)\n"),
    "attribute of the class": ("unittest", "import unittest\nclass T(unittest.TestCase):\n  v = solve(3) + 0\n"
                               "  def test_it(self): self.assertEqual(self.v, 9)\n"),
    "skips what is not there": ("pytest", "import pytest, solution\ndef test_it():\n  if not hasattr(solution, 'solve'): pytest.skip()\n"
                                "  if solution.solve(3) is None: pytest.skip()\n  assert solution.solve(3) == 9\n"),
    "skips what is not there, by unittest": ("unittest", "import unittest, solution\nclass T(unittest.TestCase):\n  def test_it(self):\n"
        "    if not hasattr(solution, 'solve') or solution.solve(3) is None: self.skipTest('no')\n    self.assertEqual(solution.solve(3), 9)\n"),
}  # fmt: skip
FRAME = "import json, os\ndef say(v):\n  d = v if isinstance(v, bytes) else json.dumps(v).encode()\n  os.write(3, len(d).to_bytes(4, 'big') + d)\n"
PROGRAMS = {
    "nothing": "",
    "another name": "def other(x): return x",
    "no function": "solve = 5",
    "a module": "import math as solve",
    "returns nothing": "def solve(x): pass",
    "returns no rows": "def solve(x): return []",
    "raises an assertion": "assert False",
    "raises what loading raises": "raise ImportError('solution')",
    "raises in the call": "def solve(x): raise ImportError('x')",
    "raises a name error": "def solve(x): return undefined",
    "raises without a class": "class E(BaseException): pass\ndef solve(x): raise E",
    "ends": "import os\nos._exit(0)",
    "ends in the call": "import os\ndef solve(x): os._exit(0)",
    "answers with garbage": FRAME + "say(b'[[[')\nsay(b'[[[')",
    "answers with another shape": FRAME + "say({'v': None})\nsay({'v': None, 'names': [1, 2, 3]})\nimport time; time.sleep(1)",
    "answers with no names": FRAME + "say({'v': None})\nsay({'v': None})\nimport time; time.sleep(1)",
    "answers with an unknown tag": FRAME + "say({'v': None})\nsay({'v': None, 'names': [{'kind': 'object', 'v': {'q': 1}}]})\nimport time; time.sleep(1)",
    "answers with a broken exception": FRAME + "say({'x': {'bases': 5}})",
    "answers with deep nesting": FRAME + "say(b'{\"v\": ' + b'[' * 100000 + b']' * 100000 + b'}')",
    "claims a huge frame": "import os\nos.write(3, b'\\xff' * 4)",
    "writes back what it was not given": FRAME + "say({'v': None})\nsay({'v': None, 'names': [{'kind': 'object', 'v': {'r': [0, 'f', True]}}] * 9})\n"
    "say({'v': 1, 'w': [[99, []], 'x']})\nimport time; time.sleep(1)",
}  # fmt: skip


@pytest.mark.parametrize("shape", TESTS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_cannot_make_its_failure_the_fault_of_the_tests(
    safe_sandbox: Sandbox, program: str, shape: str
) -> None:
    mode, tests = TESTS[shape]
    job = {"mode": mode, "code": PROGRAMS[program], "tests": tests, "entry_point": "solve", "limits": {"wall_s": 3}}
    report = safe_sandbox.judge(job)
    assert report.status not in (Verdict.AC, Verdict.ERROR), report
    assert report.passed == 0 and report.total == 1


HONEST = "def solve(x): return [y * y for y in x] if isinstance(x, list) else x * x"


@pytest.mark.parametrize("shape", TESTS)
def test_the_same_tests_accept_an_honest_program(safe_sandbox: Sandbox, shape: str) -> None:
    mode, tests = TESTS[shape]
    report = safe_sandbox.judge({"mode": mode, "code": HONEST, "tests": tests, "entry_point": "solve"})
    assert report.status == Verdict.AC, report


@pytest.mark.parametrize(
    "tests",
    [
        "def test_it(:\n",
        "import pandas as pd\npd.Series()\ndef test_it(): assert solve(3) == 9",
        "import json\njson.loads('')\ndef test_it(): assert solve(3) == 9",
        "raise ValueError('broken')\ndef test_it(): pass",
        "x = 1",
    ],
)
def test_tests_that_are_broken_by_themselves_are_the_fault_of_the_data(safe_sandbox: Sandbox, tests: str) -> None:
    with pytest.raises(BadJob):
        safe_sandbox.judge({"mode": "pytest", "code": HONEST, "tests": tests})


def _function(code: str, **extra: Any) -> dict[str, Any]:
    tests = [{"args": [at], "expected": at * at} for at in (3, 4)]
    return {"mode": "function", "entry_point": "solve", "code": code, "tests": tests, "limits": {"wall_s": 2}, **extra}


ANSWER = "import os, json\ndef solve(x):\n  d = {} + b'\\n'\n  while d: d = d[os.write(3, d):]\n  os._exit(0)"
HEAVY = {
    "a fraction with an exponent": ANSWER.format('b\'{"v": {"F": ["1e999999999"]}}\''),
    "members that collide": ANSWER.format("json.dumps({'v': {'s': [k * (2**61 - 1) for k in range(10**6)]}}).encode()"),
    "nothing but lines": ANSWER.format("b'\\n' * (60 << 20)"),
    "a deep answer": ANSWER.format("b'{\"v\":' + b'[' * (5 << 20)"),
    "many lists": ANSWER.format("b'{\"v\": [' + b'[],' * (15 << 20) + b'[]]}'"),
    "one long line": ANSWER.format("b'1' * (60 << 20)"),
    "more than may be sent": ANSWER.format("b'1' * (80 << 20)"),
}


@pytest.mark.parametrize("name", HEAVY)
def test_an_answer_made_to_be_heavy_costs_its_reader_little(safe_sandbox: Sandbox, name: str) -> None:
    before = time.process_time()
    report = safe_sandbox.judge(_function(HEAVY[name]))
    spent = time.process_time() - before
    assert report.status not in (Verdict.AC, Verdict.ERROR), report
    # Not a measurement: the gap is between tenths of a second and minutes.
    assert spent < 10


def test_lines_of_its_own_buy_a_program_no_time(safe_sandbox: Sandbox) -> None:
    code = "import os, time\ndef solve(x):\n  for _ in range(100):\n    time.sleep(.5); os.write(3, b'\\n')\n"
    report = safe_sandbox.judge(_function(code, limits={"wall_s": 1}))
    assert report.status not in (Verdict.AC, Verdict.ERROR)
    assert report.elapsed_ms < 10_000


JAVA = {
    "a name that no file can have": "public class " + "A" * 400 + " { public static void main(String[] a) {} }",
    "a long name of wide letters": "public class " + "é" * 180 + " { public static void main(String[] a) {} }",
    "a name of a path": "public class ../../x { public static void main(String[] a) {} }",
    "no class": "",
    "only comments": "/* public class X */ // public class Y",
}


@pytest.mark.parametrize("name", JAVA)
def test_what_java_cannot_name_is_a_compile_error(safe_sandbox: Sandbox, name: str) -> None:
    if lacking := available()["java"]:
        pytest.skip(f"{lacking} not installed")
    job = {"language": "java", "mode": "stdio", "code": JAVA[name], "tests": [{"input": "", "output": "1"}]}
    assert safe_sandbox.judge(job).status == Verdict.CE


@pytest.mark.parametrize("memory_mb", [32, 64])
def test_memory_filled_to_the_brim_is_the_program_s_doing(safe_sandbox: Sandbox, memory_mb: int) -> None:
    code = (
        "import os\ntry:\n  for i in range(200): open(f'/tmp/{i}', 'wb').write(b'x' * (1 << 20))\nexcept OSError: pass\n"
        "os.write(1, b'y' * (4 << 20))\nos.write(2, b'y' * (4 << 20))\nos._exit(0)"
    )
    limits = {"memory_mb": memory_mb, "disk_mb": memory_mb - 8, "file_mb": 8, "wall_s": 3}
    job = {"mode": "stdio", "code": code, "tests": [{"input": "", "output": "1"}] * 2, "limits": limits}
    report = safe_sandbox.judge(job)
    assert {test.status for test in report.tests} <= {Verdict.WA, Verdict.MLE, Verdict.OLE, Verdict.RE}, report
