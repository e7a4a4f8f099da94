"""What one comparison may cost is counted in steps, and whose fault it is that they are spent."""

import pytest

from app.mathcheck import check_answer
from app.mathcheck.limits import MAX_WORK
from app.mathcheck.work import Exhausted, budget, spend
from app.status import Status

PRODUCT = "\\prod_{k=1}^{400}(1+\\frac{1}{k^{50}})"
SUMS = "\\sum_{k=1}^{100}\\sum_{j=1}^{100} jk"
COEFFICIENTS = "+".join(
    f"\\sqrt{{{p}}}\\cdot\\frac{{{p}^{{40000}}}}{{3^{{60000}}}}x^{p}" for p in (2, 5, 7, 11, 13, 17, 19)
)
PAIRS = ",".join(f"({k},{k + 1})" for k in range(150))
SAME_PAIRS = ",".join(f"({k},{k + 1}.0)" for k in range(149, -1, -1))


@pytest.mark.parametrize("monstrous", [PRODUCT, SUMS, f"{SUMS}+x"])
def test_an_answer_that_takes_too_much_work_beside_a_simple_reference_is_the_models_fault(monstrous):
    verdict = check_answer(monstrous, "x+1")
    assert (verdict.score, verdict.status) == (0.0, Status.TOO_COMPLEX)


def test_coefficients_of_a_hundred_thousand_bits_each_are_decided_or_given_up():
    assert check_answer(COEFFICIENTS, "x+1").score == 0.0
    assert check_answer(COEFFICIENTS, COEFFICIENTS.replace("x^19", "x^23")).score in (0.0, None)


@pytest.mark.parametrize("monstrous", [PRODUCT, SUMS])
def test_a_reference_that_takes_too_much_work_by_itself_is_the_datas_fault(monstrous):
    assert check_answer("x+1", monstrous).status is Status.BAD_REFERENCE


def test_two_long_lists_that_take_too_much_work_together_are_nobodys_fault():
    assert check_answer(SAME_PAIRS, PAIRS).status is Status.UNDECIDED


def test_a_long_matrix_of_surds_is_within_the_budget():
    rows = ["&".join(f"\\sqrt{{{4 * (i * j + 2)}}}" for i in range(10)) for j in range(10)]
    same = ["&".join(f"2\\sqrt{{{i * j + 2}}}" for i in range(10)) for j in range(10)]
    a, b = ("\\begin{pmatrix}" + "\\\\".join(r) + "\\end{pmatrix}" for r in (rows, same))
    assert check_answer(a, b).score == 1.0


def test_nothing_is_left_of_a_budget_for_the_next_comparison():
    with pytest.raises(Exhausted), budget(10):
        spend(11)
    spend(10 * MAX_WORK)  # outside of a comparison nothing is counted
    with budget(10):
        spend(10)


def test_a_budget_inside_of_another_one_is_the_outer_one():
    with pytest.raises(Exhausted), budget(10), budget(1_000):
        spend(11)
