"""Programs as models write them get the verdicts that they deserve, on every backend."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import Sandbox

pytestmark = pytest.mark.e2e

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("ordinary.yaml").read_text())
INPUTS = {"@big": " ".join(map(str, range(500_000)))}
"""Inputs too large for the table."""


def job_of(case: dict[str, Any]) -> dict[str, Any]:
    job = {name: case[name] for name in ("code", "limits", "compare", "tolerance") if name in case}
    if "io" in case:
        tests = [{"input": INPUTS.get(given, given), "output": wanted} for given, wanted in case["io"].items()]
        return {**job, "mode": "stdio", "tests": tests}
    if "call" in case:
        calls = [{"args": args, "expected": expected} for args, expected in case["calls"]]
        return {**job, "mode": "function", "entry_point": case["call"], "tests": calls}
    return {**job, "mode": "asserts", "tests": case["asserts"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_ordinary_program_gets_its_verdict(any_sandbox: Sandbox, case: dict[str, Any]) -> None:
    report = any_sandbox.judge(job_of(case))
    wanted = case.get("status", "AC")
    assert report.status == wanted, report
    assert report.passed == case.get("passed", report.total if wanted == "AC" else 0)


def test_the_table_names_each_case_once() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names) >= 100
