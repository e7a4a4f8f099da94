"""Comparing what a call returned, as its process wrote it, with the expected value."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.answer import SHOWN_CHARACTERS, accepts, shown
from sandbox.harness.values import Encoder

MERSENNE = 2**61 - 1
"""Numbers apart by a multiple of it have the same hash."""
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
literals = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
) | st.sets(st.text() | st.integers())  # fmt: skip


def crossed(value: Any) -> Any:
    return json.loads(json.dumps(Encoder()(value)))


@given(literals)
def test_a_value_is_accepted_as_itself_and_can_be_shown(value: Any) -> None:
    assert accepts(value, crossed(value))
    assert len(shown(crossed(value))) <= SHOWN_CHARACTERS + 1


@given(literals, literals)
def test_what_python_calls_different_in_type_and_value_is_not_accepted(left: Any, right: Any) -> None:
    # Where plain equality says no, only floats within the tolerance, lists for tuples and texts for keys may say yes.
    if type(left) is type(right) and isinstance(left, (str, bytes, int, bool, type(None))) and left != right:
        assert not accepts(left, crossed(right))


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (1, 1.0, True), (1, "1", False), ([1], (1,), True), ([1], [1, 2], False), (0.3, 0.1 + 0.2, True),
        (0.3, 0.3001, False), (10**30, 10**30 + 1, False), (10**400, 1.0, False), (1.5, 10**400, False),
        (math.nan, math.nan, True), ({"a": 1}, {"a": 1.0}, True), ({"1": 2}, {1: 2}, True), ({"a": 1}, {"b": 1}, False),
        (None, None, True), (None, 0, False), ("", [], False), ([], "", False), (True, 1, True), ([[]], [[[]]], False),
        # A whole number is not what a float only comes near to.
        (1000000007, 1000000007.3, False), (10**17 + 1, 1e17, False), (10**17, 1e17, True), (3, 3.0000000000000004, True),
        (3, 2.999, False), (0, math.inf, False), (0, math.nan, False), (1.0, math.nan, False), (math.inf, math.inf, True),
        ({1, 2}, {2, 1}, True), ({1, 2}, {1, 3}, False), ({1}, frozenset({1}), False), ([1], {1}, False),
        ({(1, 2): 3}, {(1, 2): 3}, True), ({"(1, 2)": 3}, {(1, 2): 3}, True), ({1: 2}, {"1": 2}, False),
        (b"x", b"x", True), (b"x", b"y", False), (1j, 1j, True), (1j, 2j, False), (1, Decimal(1), False), ("1", Decimal(1), False),
    ],
)  # fmt: skip
def test_returned_values_are_compared_as_data(expected: Any, actual: Any, same: bool) -> None:
    assert accepts(expected, crossed(actual)) is same


def test_an_array_is_a_list() -> None:
    assert accepts([[1, 2.0], [3, 4]], {"n": [[1, 2.0], [3, 4]]})
    assert accepts(5, {"n": 5.0})
    assert not accepts([1], {"n": [2]})


def test_an_object_that_is_no_data_equals_nothing() -> None:
    class Sly:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    for expected in (1, "x", None, [], {}, set[int](), [1]):
        assert not accepts(expected, crossed(Sly()))
    assert not accepts([1], crossed([Sly()]))


HOSTILE = {
    "a fraction with an exponent": {"F": ["1e999999999"]},
    "a decimal with an exponent": {"D": "1e999999999"},
    "a fraction of large parts": {"F": [{"i": "0x" + "f" * 10**6}, {"i": "0x" + "e" * 10**6}]},
    "members that collide": {"s": [at * MERSENNE for at in range(50_000)]},
    "keys that collide": {"d": [[at * MERSENNE, 1] for at in range(50_000)]},
    "pairs that are none": {"d": [1, [1], [1, 2, 3], "ab", None]},
    "a large number": {"i": "0x" + "f" * 10**6},
    "a number that is none": {"i": [1]},
    "no tag": {},
    "two tags": {"i": "0x1", "f": "1"},
    "an unknown tag": {"q": 1},
    "an unhashable member": {"s": [[1], {"d": []}]},
    "a complex number of texts": {"c": ["1", "2"]},
    "a large key": {"d": [[{"t": [0] * 10**5}, 1]]},
    "not a list": {"t": {"t": {"t": 1}}},
    "a reference": {"r": [0, "x", True]},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_forged_answer_is_refused_at_once(name: str) -> None:
    # Any of these would take seconds to hours if it were made into an object.
    for expected in (1, 1.5, "x", None, [1, 2], {"1": 1}, {1: 2, 3: 4}, {1}, b"x", 1j, [], {}):
        assert not accepts(expected, HOSTILE[name])
    assert len(shown(HOSTILE[name])) <= SHOWN_CHARACTERS + 1
