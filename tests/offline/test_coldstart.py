"""Cold start: exact problems, verified replies, retries that say what was wrong."""

import ast
import json
import operator
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.offline.coldstart.expression import number_text, render, value
from app.offline.coldstart.problems import KINDS, Exhausted, Options, problems
from tests.conftest import ROOT
from tests.offline.scripted import serving

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def exactly(text: str) -> Fraction:
    """An arithmetic expression worked out by Python's own grammar, in fractions."""

    def walk(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        if isinstance(node, ast.UnaryOp):
            return -walk(node.operand)
        assert isinstance(node, ast.Constant)
        return Fraction(str(node.value))

    return walk(ast.parse(text, mode="eval").body)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), depth=st.integers(1, 4), negative=st.booleans())
def test_printed_problem_has_the_printed_answer(seed: int, depth: int, negative: bool) -> None:
    made = list(problems(30, seed, Options(depth=depth, negative=negative)))
    assert len({p.prompt for p in made}) == 30
    for problem in made:
        assert exactly(render(problem.expression)) == value(problem.expression)
        assert Fraction(problem.answer) == value(problem.expression)
        if problem.kind in ("sum", "expression", "decimal", "fraction"):
            asked = re.search(r"(?:What's|What is|Calculate|Compute the value of|Evaluate) (.*)[?.]$", problem.prompt)
            assert asked is not None
            assert exactly(asked[1]) == Fraction(problem.answer)
        if not negative:
            assert Fraction(problem.answer) >= 0


def test_seed_decides() -> None:
    assert list(problems(50, 3, Options())) == list(problems(50, 3, Options()))
    assert list(problems(50, 3, Options())) != list(problems(50, 4, Options()))
    assert {p.kind for p in problems(200, 0, Options())} == set(KINDS)


def test_used_up_space_is_said() -> None:
    with pytest.raises(Exhausted, match="raise --largest"):
        list(problems(10_000, 0, Options(kinds=("sum",), largest=2)))


@pytest.mark.parametrize(
    ("number", "text"),
    [("3", "3"), ("-1/4", "-0.25"), ("1/3", "1/3"), ("5/100", "0.05"), ("-7", "-7"), ("1/100000", "1/100000")],
)
def test_number_is_written_exactly(number: str, text: str) -> None:
    assert number_text(Fraction(number)) == text


def run(*arguments: str | Path, code: int = 0) -> str:
    command = [sys.executable, "-m", "app.cli", "coldstart", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout + done.stderr


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.e2e
def test_template_teacher_is_always_verified_and_runs_go_on(tmp_path: Path) -> None:
    out = tmp_path / "cold.jsonl"
    assert "150 kept, 0 rejected" in run("--count", "150", "--out", out)
    first = rows(out)
    assert "50 kept" in run("--count", "200", "--out", out)
    assert rows(out)[:150] == first
    assert len({row["messages"][0]["content"] for row in rows(out)}) == 200
    assert all(set(row["messages"][1]) == {"role", "content"} for row in first)


def right_of(prompt: str) -> str:
    expression = re.search(r"Problem: What's (.*)\?", prompt)
    assert expression is not None
    return str(exactly(expression[1]))


@pytest.mark.e2e
def test_teacher_is_told_what_was_wrong_and_what_never_holds_is_rejected(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], _: int) -> str:
        right = right_of(body["messages"][0]["content"])
        if len(body["messages"]) == 1:
            wrong = str(int(right) + 1)
            return f"<think>I guess.</think><answer>It is {wrong}.</answer><verifier_answer>{wrong}</verifier_answer>"
        if int(right) % 2:
            return "I can't."
        return f"<think>I look again.</think><answer>It is {right}.</answer><verifier_answer>{right}</verifier_answer>"

    out = tmp_path / "cold.jsonl"
    with serving(answer) as script:
        said = run(
            "--count", "20", "--kind", "sum", "--out", out, "--endpoint", script.url, "--model", "m", "--attempts", "2"
        )
        threes = [r["messages"] for r in script.requests if len(r["messages"]) == 3]
        told = [(m[2]["content"], m[0]["content"]) for m in threes]
    kept, rejected = rows(out), rows(out.with_suffix(".rejected.jsonl"))
    assert len(kept) + len(rejected) == 20
    assert "0 without an answer" in said.replace("\n", " ")
    assert all(int(row["meta"]["answer"]) % 2 == 0 and row["meta"]["tries"] == 2 for row in kept)
    assert all(int(row["answer"]) % 2 == 1 for row in rejected)
    assert told
    for text, asked in told:
        assert "is not right" in text
        assert json.dumps(right_of(asked)) not in text, "a teacher is not told the answer"


@pytest.mark.e2e
def test_dry_run_prints_prompts_and_asks_nobody(tmp_path: Path) -> None:
    said = run("--dry-run", "--count", "2", "--out", tmp_path / "x.jsonl", "--endpoint", "http://127.0.0.1:9/v1")
    assert "<verifier_answer>" in said
    assert "# answer:" in said
    assert not (tmp_path / "x.jsonl").exists()


@pytest.mark.e2e
@pytest.mark.parametrize(
    "arguments",
    [["--kind", "poems"], ["--operators", "%"], ["--endpoint", "http://127.0.0.1:9/v1"], ["--prompt", "/nowhere"]],
)
def test_bad_option_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    run(*arguments, "--out", tmp_path / "x.jsonl", code=2)
