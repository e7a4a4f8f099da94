"""pass@k: against counting all choices."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.offline.passk import bootstrap, ks, pass_at_k


@given(st.integers(1, 9), st.data())
def test_is_the_share_of_choices_with_a_right_one(n: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    samples = [i < correct for i in range(n)]
    choices = [any(choice) for choice in combinations(samples, k)]
    assert pass_at_k(n, correct, k) == pytest.approx(sum(choices) / len(choices))


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 4), (3, 4, 1), (3, 1, 0), (3, -1, 1)])
def test_refuses_what_makes_no_sense(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@"):
        pass_at_k(n, c, k)


def test_ks_are_powers_of_two_and_the_whole() -> None:
    assert ks(0) == []
    assert ks(1) == [1]
    assert ks(12) == [1, 2, 4, 8, 12]


def test_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    values = [0.0, 1.0, 1.0, 0.5] * 20
    one = bootstrap(values)
    assert one.low < one.mean < one.high
    assert one == bootstrap(values)
