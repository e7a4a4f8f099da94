# ruff: noqa: E501  (the list of hostile texts)
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mathcheck import check, check_answer

rationals = st.fractions(min_value=-1000, max_value=1000, max_denominator=997)
noise = st.text(alphabet="\\{}()[]|^_+-*/=<>,;:!'.0129xyeisqrtfanpm$%&\u200b\ud800 \x00", max_size=60)


def latex(value):
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


@given(rationals, rationals)
def test_sums_of_rationals_are_decided_exactly(a, b):
    assert check_answer(f"({a}) + ({b})", latex(a + b)).score == 1.0
    assert check_answer(f"({a}) + ({b})", latex(a + b + Fraction(1, 10**30))).score == 0.0


@given(rationals, rationals)
def test_comparison_is_symmetric(a, b):
    assert check_answer(latex(a), str(b)).score == check_answer(str(b), latex(a)).score


@given(rationals)
def test_spacing_and_size_commands_change_nothing(a):
    text = latex(a)
    assert check_answer(text.replace("\\frac", "\\dfrac"), text).score == 1.0
    assert check_answer("\\left( " + text.replace("{", "{ ") + " \\right)", text).score == 1.0


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=400)
@given(noise, st.sampled_from(["42", "x+1", "\\frac{1}{2}", "(1,2)", "{1,2}"]))
def test_no_text_makes_it_raise(text, reference):
    for verdict in (check_answer(text, reference), check(text, reference), check_answer(reference, text)):
        assert (verdict.score is None) == verdict.status.abstains


HOSTILE = [
    "9^{9^{9^{9}}}", "2^{10^{10}}", "(10^9)!", "\\binom{10^9}{5*10^8}", "\\sum_{k=1}^{10^9} k", "(" * 500 + "1" + ")" * 500,
    "(x+1)^{100000}", "\\prod_{k=1}^{10^8}k", "\\frac{1}{" * 10000 + "1" + "}" * 10000, "\\sin(" * 100 + "x" + ")" * 100,
    "(a+b+c+d+e+f)^{200}", "1" * 1_000_000, "{" * 5000, "\x00", "\ud800", "__import__('os')", "1e999999999", "-" * 3000 + "1",
    "1" + "/1" * 1500, "5" + "!" * 20, "x" + "'" * 3000, "\\boxed{" * 3000, "|" * 200,
    "\\prod_{k=1}^{2^{10^{10}}10^8}k", "\\lfloor 2^{10^{10}}10^8\\pi \\rfloor x", "\\gcd(2^{10^{10}}10^8,6)",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:20].encode("ascii", "replace").decode())
@pytest.mark.parametrize("reference", ["42", "x+1"])
def test_hostile_answers_are_wrong_and_never_raise(text, reference):
    assert check_answer(text, reference).score == 0.0
    assert check(f"So \\boxed{{{text}}}", reference).score == 0.0


@pytest.mark.parametrize("function", ["\\sin(", "\\cos(", "\\tan(", "\\ln(", "\\arctan(", "\\sin^2("])
def test_functions_within_functions_are_told_apart_in_time(function):
    """A sine's normal form holds its argument twice: thirty levels were a billion nodes."""
    deep, less = (function * n + "x" + ")" * n for n in (30, 29))
    assert check_answer(deep, less).score in (0.0, None)
    assert check_answer(deep, deep).score == 1.0
