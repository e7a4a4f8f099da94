# ruff: noqa: E501  (the list of bad lines)

import json
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli.commands import build
from app.cli.math import answer_line

KEYS = ["id", "score", "status", "certificate", "extracted", "elapsed_us"]
runner = CliRunner()


def stream(data: bytes):
    result = runner.invoke(build(["math"]), ["math"], input=data)
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_completions_and_bare_answers_are_scored_line_by_line():
    lines = [
        {"id": "a", "completion": "So \\boxed{\\frac12}.", "reference": "0.5"},
        {"id": "b", "answer": "0.5", "reference": "\\frac13"},
        {"id": 3, "answer": "3.14159", "reference": "3.14", "policy": {"digits": 2}},
        {"id": None, "completion": "I do not know.", "reference": "1"},
        {"id": "e", "answer": "7", "reference": 7},
    ]
    rows = stream("\n".join(map(json.dumps, lines)).encode())
    assert [list(row) for row in rows] == [KEYS] * len(lines)
    assert [(row["id"], row["score"], row["status"]) for row in rows] == [
        ("a", 1.0, "ok"),
        ("b", 0.0, "ok"),
        (3, 1.0, "ok"),
        (None, 0.0, "no_answer"),
        ("e", 1.0, "ok"),
    ]
    assert rows[0]["extracted"] == "\\frac12"


DEEP = b"[" * 100_000 + b"]" * 100_000
BAD_LINES = [
    b"not json", b"[]", b"null", b"42", b'"text"', b"{", b"\xff\xfe\x00binary\x80", b'{"id": "x"}', b'{"reference": null, "answer": "1"}', DEEP,
    b'{"id": NaN, "answer": "1", "reference": "1"}', b'{"answer": "1", "reference": 1e999}', b'{"id": 1e999, "answer": "1", "reference": "1"}',
    b'{"answer": "1", "reference": ["1"]}', b'{"answer": "1", "reference": ""}', b'{"answer": "1", "reference": true}', b'{"id": ' + DEEP + b"}",
    b'{"answer": "1", "reference": "1", "policy": 5}', b'{"answer": "1", "reference": "1", "policy": {"digits": "two"}}',
    b'{"answer": "1", "reference": "1", "policy": {"digits": -1}}', b'{"answer": "1", "reference": "1", "policy": {"rel_tol": NaN}}',
    b'{"answer": "1", "reference": "1", "policy": {"sources": ["box"]}}', b'{"answer": "1", "reference": "1", "policy": {"unknown": 1}}',
    b'{"answer": "1", "reference": "1", "policy": {"percent": "maybe"}}', b'{"answer": "1", "reference": ' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda b: ascii(b[:40]))
def test_a_line_that_cant_be_used_abstains_and_the_next_one_is_answered(line):
    bad, good = stream(line + b'\n{"id": "next", "answer": "1", "reference": "1.0"}\n')
    assert list(bad) == KEYS
    assert (good["id"], good["score"]) == ("next", 1.0)
    if b'"reference": "1"}' not in line:
        assert (bad["score"], bad["status"]) == (None, "bad_reference")


@pytest.mark.parametrize(
    "line",
    [
        {"reference": "1"},
        {"reference": "1", "answer": None},
        {"reference": "1", "answer": ["1"]},
        {"reference": "1", "completion": {"role": "assistant"}},
        {"reference": "1", "answer": ""},
        {"reference": "1", "answer": "\ud800"},
        {"reference": "1", "completion": "x" * 1_000_000},
        {"reference": "1", "answer": "9" * 1_000_000},
        {"reference": "1", "completion": "\x00\u202e\u200b"},
    ],
    ids=lambda row: ascii(row)[:50],
)
def test_a_line_without_a_usable_answer_scores_zero(line):
    assert stream(json.dumps(line).encode())[0]["score"] == 0.0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["id", "completion", "answer", "reference", "policy", "x"])


@given(st.dictionaries(fields, json_values, max_size=6))
def test_every_object_is_answered(row):
    answer = answer_line(json.dumps(row).encode())
    assert list(answer) == KEYS
    json.dumps(answer, allow_nan=False)
    assert (answer["score"] is None) == (answer["status"] in ("bad_reference", "undecided"))


@given(st.binary(max_size=200))
def test_all_bytes_are_answered(raw):
    assert list(answer_line(raw)) == KEYS


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["\\frac12", "0.5"], 0),
        (["0.5", "0.51"], 1),
        (["0.5", "("], 3),
        (["only one"], 2),
        (["3.14159", "3.14", "--policy", '{"digits": 2}'], 0),
        (["3.14159", "3.14", "--policy", '{"digits": "x"}'], 2),
        (["1", "1", "--policy", "{"], 2),
        (["--completion", "So the answer is \\boxed{7}.", "7"], 0),
    ],
)
def test_a_pair_is_explained_and_the_exit_status_says_how_it_went(arguments, status):
    result = runner.invoke(build(["math"]), ["math", *arguments])
    assert result.exit_code == status
    if status != 2:
        assert "score" in result.stdout


def test_the_explanation_goes_step_by_step():
    result = runner.invoke(build(["math"]), ["math", "--completion", "Thus $x = \\boxed{\\frac{2}{4}}$.", "0.5"])
    steps = [line.strip() for line in result.stdout.splitlines() if line.strip()[:1].isdigit()]
    assert [s.split(".")[0] for s in steps] == [str(i + 1) for i in range(len(steps))]
    assert "found" in steps[0]
    assert "reads as" in result.stdout
    assert "exact" in result.stdout


def test_ctrl_c_ends_the_stream_after_what_was_answered():
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "math"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"id": 1, "answer": "1", "reference": "1"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["score"] == 1.0
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_a_reader_that_leaves_is_no_error():
    line = b'{"id": 1, "answer": "1", "reference": "1"}\n'
    process = subprocess.Popen(
        f"{sys.executable} -m app.cli math | head -n 1",
        shell=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, errors = process.communicate(line * 4_000, timeout=60)
    assert json.loads(out)["score"] == 1.0
    assert errors == b""
