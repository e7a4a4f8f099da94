from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.completion import sections


@pytest.mark.parametrize(
    ("text", "think", "outside", "closed"),
    [
        ("", [], [], True),
        ("plain", [], ["plain"], True),
        ("<think>a</think>b", ["a"], ["b"], True),
        ("x<think>a</think>b", ["a"], ["x", "b"], True),
        ("a</think>b", ["a"], ["b"], True),
        ("<think>a", ["a"], [], False),
        ("<think>a<think>b</think>c</think>d", ["a<think>b"], ["c</think>d"], True),
        ("<think>a</think>b<think>c</think>d", ["a", "c"], ["b", "d"], True),
        ("a</think>b<think>c", ["a", "c"], ["b"], False),
    ],
)
def test_sections(text: str, think: list[str], outside: list[str], closed: bool):
    got = sections(text)
    assert [s.of(text) for s in got.think] == think
    assert [s.of(text) for s in got.outside] == outside
    assert got.closed is closed


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", " ", "<thin"])).map("".join))
def test_spans_are_ordered_and_disjoint(text: str):
    got = sections(text)
    spans = sorted(got.think + got.outside)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(0 <= s.start <= s.end <= len(text) for s in spans)
