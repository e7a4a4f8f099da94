"""Generators of trees and of answers whose truth is known by construction."""

from fractions import Fraction

from flint import fmpq
from hypothesis import strategies as st

from app.mathcheck.ast import Node, num

rationals = st.fractions(min_value=-1000, max_value=1000, max_denominator=997)
small = st.integers(-9, 9)
letters = st.sampled_from(["x", "y", "a", "n", "alpha", "x_1"])


def _num(q: Fraction) -> Node:
    return Node("num", (), fmpq(q.numerator, q.denominator))


leaves = st.one_of(
    st.fractions(min_value=-20, max_value=20, max_denominator=9).map(_num),
    letters.map(lambda name: Node("sym", (), name)),
    st.sampled_from([Node("const", (), "pi"), Node("const", (), "e"), Node("const", (), "i")]),
)


def _grow(parts):
    pair = st.tuples(parts, parts)
    return st.one_of(
        pair.map(lambda p: Node("add", p)),
        pair.map(lambda p: Node("mul", p)),
        pair.map(lambda p: Node("div", (p[0], Node("add", (p[1], num(31)))))),
        parts.map(lambda p: Node("neg", (p,))),
        st.tuples(parts, st.integers(-3, 4)).map(lambda p: Node("pow", (Node("add", (p[0], num(17))), num(p[1])))),
        st.tuples(parts, st.integers(2, 4)).map(lambda p: Node("root", (p[0], num(p[1])))),
        st.tuples(st.sampled_from(["sin", "cos", "abs"]), parts).map(lambda p: Node("fn", (p[1],), p[0])),
    )


scalars = st.recursive(leaves, _grow, max_leaves=6)
"""Formulas in several variables with fractions, powers, roots and functions."""

containers = st.one_of(
    st.lists(scalars, min_size=2, max_size=4).map(lambda xs: Node("tuple", tuple(xs))),
    st.lists(scalars, min_size=2, max_size=4).map(lambda xs: Node("set", tuple(xs))),
    st.lists(scalars, min_size=4, max_size=4).map(
        lambda xs: Node("matrix", (Node("row", tuple(xs[:2])), Node("row", tuple(xs[2:]))))
    ),
    st.tuples(rationals, rationals, st.sampled_from(["()", "[]", "(]", "[)"])).map(
        lambda p: Node("interval", (_num(min(p[:2])), _num(max(p[:2]) + 1)), p[2])
    ),
    st.tuples(scalars, scalars).map(lambda p: Node("rel", p, "=")),
)
trees = st.one_of(scalars, containers)


@st.composite
def arithmetic(draw, depth: int = 3) -> tuple[str, Fraction]:
    """An expression in LaTeX or plain text with its value, worked out by Python's fractions."""
    if depth == 0 or draw(st.booleans()):
        q = draw(st.fractions(min_value=0, max_value=50, max_denominator=12))
        forms = [f"\\frac{{{q.numerator}}}{{{q.denominator}}}", f"({q.numerator}/{q.denominator})"]
        if q.denominator in (1, 2, 4, 5, 8, 10):
            forms.append(f"{float(q):.3f}")
        return draw(st.sampled_from(forms)), q
    (s, a), (t, b) = draw(arithmetic(depth - 1)), draw(arithmetic(depth - 1))
    sign = draw(st.sampled_from(["+", "-", "*", "/"]))
    if sign == "+":
        return f"({s} + {t})", a + b
    if sign == "-":
        return f"\\left({s} - {t}\\right)", a - b
    if sign == "*" or b == 0:
        return f"{s} \\cdot {t}", a * b
    return f"\\frac{{{s}}}{{{t}}}", a / b


polynomials = st.lists(st.integers(-50, 50), min_size=2, max_size=6).filter(lambda c: c[-1] != 0)
"""Integer coefficients, the constant first."""


def polynomial(coefficients: list[int], name: str = "x") -> str:
    return " + ".join(f"({c}){name}^{{{k}}}" for k, c in enumerate(coefficients))
