"""HumanEval's problems: every canonical solution passes, no mutation of one does."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox import Sandbox

pytestmark = pytest.mark.e2e

OFF_BY_ONE = """

_right = {entry}
def _off(value):
    if isinstance(value, bool): return not value
    if isinstance(value, (int, float)): return value + 1
    if isinstance(value, str): return value + 'x'
    if isinstance(value, list): return value + [1]
    if isinstance(value, tuple): return value + (1,)
    if isinstance(value, dict): return dict(value, other=1)
    return 1
def {entry}(*a, **k): return _off(_right(*a, **k))
"""
MUTATIONS = {
    "return None": "    return None\n",
    "exit(0)": "    exit(0)\n",
    "raises": "    raise ValueError('no')\n",
    "infinite loop": "    while True: pass\n",
}


def judged(sandbox: Sandbox, problem: dict[str, Any], completion: str, wall_s: float = 10.0) -> str:
    job = {
        "mode": "fill",
        "prompt": problem["prompt"],
        "code": completion,
        "entry_point": problem["entry_point"],
        "tests": problem["test"],
        "limits": {"wall_s": wall_s},
    }
    return sandbox.judge(job).status.value


def test_every_canonical_solution_is_accepted(jail: Sandbox, humaneval: list[dict[str, Any]]) -> None:
    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda p: judged(jail, p, p["canonical_solution"]), humaneval))
    assert [p["task_id"] for p, verdict in zip(humaneval, verdicts, strict=True) if verdict != "AC"] == []


@pytest.mark.parametrize("mutation", ["off by one", *MUTATIONS])
def test_no_mutation_is_accepted(jail: Sandbox, humaneval: list[dict[str, Any]], mutation: str) -> None:
    def verdict(problem: dict[str, Any]) -> str:
        off = problem["canonical_solution"] + OFF_BY_ONE.format(entry=problem["entry_point"])
        return judged(jail, problem, MUTATIONS.get(mutation, off), 0.5 if mutation == "infinite loop" else 10.0)

    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(verdict, humaneval))
    assert set(verdicts) <= {"WA", "RE", "TLE"}
