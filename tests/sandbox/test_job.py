"""Jobs as datasets write them, and the values, comparisons, limits and scores around them."""

import base64
import gzip
import json
import math
import pickle
import zlib
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import BadJob, Limits, Report, TestResult, Verdict, read_job, read_limits, score
from sandbox.compare import Comparison
from sandbox.harness.values import Encoder, Unencodable, decode
from sandbox.job import literal

ROWS = [{"input": "1\n", "output": "2\n", "testtype": "stdin"}]
PICKLED = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(ROWS)))).decode()
GZIPPED = base64.b64encode(gzip.compress(json.dumps(ROWS).encode())).decode()


@pytest.mark.parametrize("tests", [ROWS, json.dumps(ROWS), PICKLED, GZIPPED, {"inputs": ["1\n"], "outputs": ["2\n"]}])
def test_the_shapes_of_stdio_tests(tests: Any) -> None:
    job = read_job({"code": "", "tests": tests})
    assert (job.mode, [(test.input, test.output) for test in job.io]) == ("stdio", [("1\n", "2\n")])


def test_a_packed_object_is_refused() -> None:
    packed = base64.b64encode(zlib.compress(pickle.dumps(Fraction(1, 2)))).decode()
    with pytest.raises(BadJob, match="packed"):
        read_job({"code": "", "mode": "stdio", "tests": packed})


def test_a_compressed_bomb_is_refused() -> None:
    bomb = base64.b64encode(zlib.compress(b" " * (300 << 20), 9)).decode()
    with pytest.raises(BadJob):
        read_job({"code": "", "mode": "stdio", "tests": bomb})


@pytest.mark.parametrize(
    ("tests", "args", "expected"),
    [
        ([{"args": [1, "a"], "expected": None}], (1, "a"), None),
        ([{"args": "(1, 'a')", "expected": 3}], (1, "a"), 3),
        ([{"input": '[1, 2]\n"a"', "output": "[3]", "testtype": "functional"}], ([1, 2], "a"), [3]),
        ({"fn_name": "f", "inputs": ["[1]\n2"], "outputs": ["true"]}, ([1], 2), True),
    ],
)
def test_the_shapes_of_calls(tests: Any, args: tuple[Any, ...], expected: Any) -> None:
    job = read_job({"code": "", "mode": "function", "entry_point": "f", "tests": tests})
    assert (job.calls[0].args, job.calls[0].expected) == (args, expected)


def test_text_that_is_no_literal_is_itself() -> None:
    assert [literal(text) for text in ("1", "(1, 2)", "[1, null]", "a b", "__import__('os')")] == [
        1, (1, 2), [1, None], "a b", "__import__('os')"]  # fmt: skip


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.fractions(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(plain)
def test_values_cross_as_what_they_are(value: Any) -> None:
    crossed = decode(json.loads(json.dumps(Encoder()(value))))
    assert crossed == value
    assert repr(crossed) == repr(value)


@pytest.mark.parametrize(
    "value", [{1, 2}, frozenset({1}), 1j, Decimal("1.50"), math.inf, -math.inf, bytearray(b"x"), 1 << 200]
)
def test_rare_values_cross_too(value: Any) -> None:
    crossed = decode(json.loads(json.dumps(Encoder()(value))))
    assert (type(crossed), crossed) == (type(value), value)


def test_cycles_and_depth_are_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(Unencodable):
        Encoder()(cycle)


@given(st.text(), st.text())
def test_comparisons_agree_on_equal_text_and_are_ordered_by_strictness(left: str, right: str) -> None:
    assert all(Comparison(by)(left, left) is Verdict.AC for by in ("tokens", "lines", "exact"))
    if Comparison("exact")(left, right) is Verdict.AC:
        assert Comparison("lines")(left, right) is Verdict.AC
    if Comparison("lines")(left, right) is Verdict.AC and "\n" not in left + right:
        assert Comparison("tokens")(left.strip(), right.strip()) is Verdict.AC


def test_limits_keep_their_defaults_and_refuse_nonsense() -> None:
    assert read_limits(None) == Limits()
    assert read_limits({"wall_s": 2, "cpu_s": None}) == Limits(wall_s=2.0)
    for bad in ({"wall_s": True}, {"wall_s": float("nan")}, {"memory_mb": 1}, {"output_bytes": "1"}, []):
        with pytest.raises(BadJob, match="limits"):
            read_limits(bad)


def report(*statuses: str) -> Report:
    weights = (1.0, 3.0, 1.0)
    tests = [TestResult(Verdict(status), weight=weight) for status, weight in zip(statuses, weights, strict=False)]
    return Report.of(tests, 1.0)


@pytest.mark.parametrize(
    ("statuses", "policy", "reward"),
    [
        (("AC", "AC", "AC"), "all", 1.0), (("AC", "WA", "AC"), "all", 0.0), (("AC", "WA", "AC"), "fraction", 2 / 3),
        (("AC", "WA", "AC"), "first_failure", 1 / 3), (("AC", "WA", "AC"), "weighted", 0.4), (("CE",), "fraction", 0.0),
    ],
)  # fmt: skip
def test_the_policy_makes_the_reward(statuses: tuple[str, ...], policy: str, reward: float) -> None:
    assert score(report(*statuses), policy) == pytest.approx(reward)


def test_a_lost_run_has_no_score() -> None:
    assert report("AC", "error", "WA").status is Verdict.ERROR
    with pytest.raises(ValueError, match="abstain"):
        score(report("AC", "error"))
    with pytest.raises(BadJob):
        score(report("AC"), "best")
