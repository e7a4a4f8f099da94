"""Properties of the engine on random trees: round trips, symmetry, invariance, and near misses that stay misses."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.mathcheck import check_answer
from app.mathcheck.ast import Node, num
from app.mathcheck.balls import OutOfDomain, ball
from app.mathcheck.compare import compare
from app.mathcheck.limits import MathError
from app.mathcheck.parser import parse
from app.mathcheck.policy import DEFAULT_POLICY
from app.mathcheck.render import latex
from tests.mathcheck.strategies import arithmetic, containers, polynomial, polynomials, rationals, scalars, trees


def outcome(a, b):
    """The comparison, or the name of the typed error that it ended with."""
    try:
        return compare(a, b, DEFAULT_POLICY).equal
    except (MathError, ZeroDivisionError) as error:
        return type(error).__name__


def says(answer, reference):
    return check_answer(answer, reference).score


@given(trees)
def test_a_tree_written_as_latex_reads_back_as_an_equal_tree(tree):
    again = parse(latex(tree))
    assume(not isinstance(outcome(tree, again), str))  # 0^0 has no value
    assert outcome(tree, again) is True
    assert latex(parse(latex(again))) == latex(again)


@given(scalars)
def test_an_answer_written_again_is_accepted(tree):
    text = latex(tree)
    assert says(text, text) == 1.0
    assert says(latex(parse(text)), text) == 1.0


@given(trees, trees)
def test_comparison_is_symmetric(a, b):
    assert outcome(a, b) == outcome(b, a)


REWRITES = [
    lambda t: Node("neg", (t,)),
    lambda t: Node("fn", (t,), "abs"),
    lambda t: Node("root", (Node("mul", (t, t)), num(2))),
    lambda t: Node("pow", (Node("root", (t, num(2))), num(2))),
    lambda t: Node("fn", (Node("pow", (Node("const", (), "e"), t)),), "log"),
    lambda t: Node("fn", (Node("fn", (t,), "arcsin"),), "sin"),
    lambda t: Node("add", (t, Node("mul", (num(0), t)))),
    lambda t: Node("pow", (t, Node("div", (num(3), num(3))))),
]


@given(scalars, st.sampled_from(REWRITES), st.lists(st.fractions(1, 9, max_denominator=7), min_size=6, max_size=6))
def test_what_is_proved_equal_has_the_same_values(tree, rewrite, values):
    other = rewrite(tree)
    try:
        found = compare(tree, other, DEFAULT_POLICY)
    except (MathError, ZeroDivisionError):
        return
    assume(found.equal and not found.certificate.startswith("numeric"))
    names = ("x", "y", "a", "n", "alpha", "x_1")
    env = {n: fmpq(v.numerator, v.denominator) for n, v in zip(names, values, strict=True)}
    try:
        x, y = ball(tree, env, 200), ball(other, env, 200)
    except (OutOfDomain, ZeroDivisionError, MathError):
        return
    assert x.overlaps(y), found


@given(containers)
def test_a_container_equals_itself_and_no_other_kind(tree):
    assume(not isinstance(outcome(tree, tree), str))
    assert outcome(tree, tree) is True
    assert outcome(tree, parse("41")) is not True


@given(trees)
def test_spacing_and_layout_commands_change_nothing(tree):
    text = latex(tree)
    assume(not isinstance(outcome(parse(text), tree), str))
    for other in (
        text.replace(" ", "  ").replace("{", "{ "),
        text.replace(r"\left", "").replace(r"\right", ""),
        text.replace(r"\frac", r"\dfrac"),
        text.replace(r"\frac", r"\tfrac").replace(r"\left", r"\bigl").replace(r"\right", r"\bigr"),
        f"\\displaystyle {text}",
        f"$ {text} $",
    ):
        assert outcome(parse(other.strip("$ ")), tree) is True, other


@given(arithmetic())
def test_arithmetic_agrees_with_exact_fractions(case):
    text, value = case
    assert says(text, f"{value.numerator}/{value.denominator}") == 1.0
    near = value + Fraction(1, 10**30)
    assert says(text, f"{near.numerator}/{near.denominator}") == 0.0


@given(rationals, st.integers(31, 60), st.integers(1, 9))
def test_a_digit_after_thirty_places_counts(q, place, digit):
    value = Decimal(q.numerator) / Decimal(q.denominator)
    text = f"{value:.31f}"
    longer = text + "0" * (place - 32) + str(digit)
    assert says(longer, text) == 0.0
    assert says(text + "000", text) == 1.0


@given(polynomials, st.data())
def test_one_other_coefficient_is_another_polynomial(coefficients, data):
    k = data.draw(st.integers(0, len(coefficients) - 1))
    other = list(coefficients)
    other[k] += data.draw(st.sampled_from([-1, 1]))
    shuffled = polynomial(coefficients).split(" + ")
    random.Random(k).shuffle(shuffled)
    assert says(" + ".join(shuffled), polynomial(coefficients)) == 1.0
    assert says(polynomial(other), polynomial(coefficients)) == 0.0
    assert says(f"y = {polynomial(other)}", f"y = {polynomial(coefficients)}") == 0.0


@given(st.lists(st.integers(-20, 20), min_size=4, max_size=4), st.integers(0, 3))
def test_one_other_entry_is_another_matrix(entries, k):
    def matrix(xs):
        return rf"\begin{{pmatrix}} {xs[0]} & {xs[1]} \\ {xs[2]} & {xs[3]} \end{{pmatrix}}"

    other = [*entries[:k], entries[k] + 1, *entries[k + 1 :]]
    assert says(matrix(entries), matrix(entries)) == 1.0
    assert says(matrix(other), matrix(entries)) == 0.0


@given(st.integers(-50, 50), st.integers(1, 50), st.sampled_from("(["), st.sampled_from(")]"))
def test_an_end_is_open_or_closed(low, length, left, right):
    high = low + length
    text = f"{left}{low}, {high}{right}"
    signs = {"(": "<", "[": "\\le", ")": "<", "]": "\\le"}
    inequality = f"{low} {signs[left]} x {signs[right]} {high}"
    flipped = {"(": "[", "[": "(", ")": "]", "]": ")"}
    assert says(inequality, text) == 1.0
    assert says(f"{flipped[left]}{low}, {high}{right}", text) == 0.0
    assert says(f"{left}{low}, {high}{flipped[right]}", text) == 0.0


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_a_quadratic_inequality_is_the_interval_between_its_roots(r, s):
    assume(r != s)
    low, high = sorted((r, s))
    text = f"x^2 + ({-(r + s)})x + ({r * s}) < 0"
    assert says(text, f"({low}, {high})") == 1.0
    assert says(text, f"({low}, {high + 1})") == 0.0
    assert says(text, f"[{low}, {high})") == 0.0


@given(st.integers(2, 60), st.integers(2, 60))
def test_nested_radicals_are_decided_exactly(a, b):
    assume(a != b)
    nested, sum_of_roots = f"\\sqrt{{{a + b} + 2\\sqrt{{{a * b}}}}}", f"\\sqrt{{{a}}} + \\sqrt{{{b}}}"
    verdict = check_answer(nested, sum_of_roots)
    assert (verdict.score, verdict.certificate) == (1.0, "exact")
    assert says(f"\\sqrt{{{a + b + 1} + 2\\sqrt{{{a * b}}}}}", sum_of_roots) == 0.0


@given(st.integers(1, 11), st.integers(2, 12))
def test_angles_are_decided_exactly(p, q):
    assume(p < q)
    degrees = Fraction(180 * p, q)
    verdict = check_answer(f"\\sin\\frac{{{p}\\pi}}{{{q}}}", f"\\cos({90 - degrees})^\\circ")
    assert verdict.score == 1.0
    assert verdict.certificate in ("exact", "identity")
    assert says(f"\\sin\\frac{{{p}\\pi}}{{{q}}} + 10^{{-40}}", f"\\sin\\frac{{{p}\\pi}}{{{q}}}") == 0.0


@given(st.integers(-30, 30), st.integers(2, 20), st.integers(-5, 5))
def test_a_residue_class_has_many_names(r, m, k):
    assert says(f"x \\equiv {r + k * m} \\pmod{{{m}}}", f"x \\equiv {r} \\pmod{{{m}}}") == 1.0
    assert says(f"x = {m}k + ({r + k * m})", f"x \\equiv {r} \\pmod{{{m}}}") == 1.0
    assert says(f"x \\equiv {r + 1} \\pmod{{{m}}}", f"x \\equiv {r} \\pmod{{{m}}}") == 0.0


@given(st.integers(0, 10**6), st.integers(2, 20))
def test_a_numeral_in_another_base_is_its_value(n, base):
    digits, k = "", n
    while k or not digits:
        digits, k = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[k % base] + digits, k // base
    assume(base > 10 or digits.isdigit())
    numeral = f"{digits}_{{{base}}}"
    assume(digits.isdigit() or digits[0].isdigit())
    assert says(numeral, str(n)) == 1.0
    assert says(numeral, str(n + 1)) == 0.0


MISSES = [
    ("\\sqrt{\\frac1{n+1}}", "\\frac{1}{\\sqrt n}"),
    ("1-\\frac1e", "1+\\frac1e"),
    ("1-\\frac{1}{\\mathrm{e}}", "1+\\frac{1}{\\mathrm{e}}"),
    ("\\frac1{2004!}", "\\frac1{2006!}"),
    ("\\frac{1}{2^{99}}", "\\frac{1}{2^{98}}"),
    ("\\frac{2^{2005}+1}{3\\cdot2^{2006}}", "\\frac{1}{3\\cdot2^{2006}}"),
    ("3x-y+13=0", "3x+4y+14=0"),
    ("e^{-100}", "e^{-101}"),
    ("2^{2^{20}}", "2^{2^{20}}+1"),
    ("\\pm 2021", "2021"),
    ("12:00", "1:00"),
    ("D=(0,1)", "D=(0,1.5)"),
    ("n=2,3,4", "n=1,2,3"),
]


@pytest.mark.parametrize(("a", "b"), MISSES)
def test_near_misses_of_other_verifiers_are_not_accepted(a, b):
    assert says(a, b) != 1.0
    assert says(b, a) != 1.0


@settings(max_examples=30)
@given(st.integers(1, 10**6), st.integers(10**5, 10**6))
def test_powers_too_large_to_compute_are_decided_by_their_primes(base, exponent):
    assume(base > 1)
    assert says(f"{base**2}^{{{exponent}}}", f"{base}^{{{2 * exponent}}}") == 1.0
    assert says(f"{base}^{{{exponent + 1}}}", f"{base}^{{{exponent}}}") == 0.0
