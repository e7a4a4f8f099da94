"""Residue classes, and solutions that repeat with a period: `x ≡ 2 (mod 3)`, `3k + 2`, `π/3 + 2kπ`."""

from typing import NamedTuple

from app.mathcheck.ast import Node, is_scalar, num, substitute, symbols
from app.mathcheck.exact import exact
from app.mathcheck.limits import TooComplex
from app.mathcheck.names import assigned, is_label
from app.mathcheck.outcome import Outcome, Same, both, different, undecided
from app.mathcheck.ratfun import RationalFunctions, exact_or_none

INDICES = frozenset("knmlj")
"""Letters that stand for any integer in a general solution."""


class Progression(NamedTuple):
    """All start + k·step for integers k; `name` is what it is the solution for, where that is said."""

    start: Node
    step: Node
    name: Node | None = None


def is_congruence(node: Node) -> bool:
    return node.op in ("mod", "residue")


def progression(node: Node) -> Progression | None:
    """A node as start and step: a congruence, a residue class, or a linear expression in one index."""
    if node.op == "residue":
        return Progression(*node.args)
    if node.op == "mod":
        return Progression(node.args[1], node.args[2], node.args[0])
    if node.op == "list" and len(node.args) == 2 and _integer_index(node.args[1]):
        return progression(node.args[0])
    if node.op == "deg" or (node.op == "quantity" and node.value == "°"):
        inner = progression(node.args[0])
        return inner and Progression(Node("deg", (inner.start,)), Node("deg", (inner.step,)))
    name: Node | None = None
    if node.op == "rel":
        found = assigned(node)
        if found is None or node.value != "=":
            return None
        name, node = found
    indices = symbols(node) & INDICES
    if not is_scalar(node) or len(indices) != 1:
        return None
    index = indices.pop()
    start = substitute(node, index, num(0))
    step = Node("add", (substitute(node, index, num(1)), Node("neg", (start,))))
    return Progression(start, step, name) if _is_linear(node, index) else None


def _is_linear(node: Node, index: str) -> bool:
    k = Node("sym", (), index)
    try:
        functions = RationalFunctions(node)
        p, q = functions.fraction(node)
    except TooComplex:
        return False
    i = functions.atoms.get(k)
    others = [a for a in functions.atoms if a != k]
    return i is not None and not any(index in symbols(a) for a in others) and p.degrees()[i] == 1 and not q.degrees()[i]


def _integer_index(node: Node) -> bool:
    """`k ∈ ℤ`, `n is an integer`."""
    return node.op == "rel" and node.value == "∈" and node.args[1] == Node("const", (), "integers")


def _periodic(node: Node) -> bool:
    """Whether a letter can only be a running index: it multiplies π or degrees, or is said to be an integer."""
    if node.op == "list":
        return len(node.args) == 2 and _integer_index(node.args[1])
    return _has_period(node)


def _has_period(node: Node) -> bool:
    return node.op == "deg" or node == Node("const", (), "pi") or any(_has_period(a) for a in node.args)


def compare_progressions(a: Node, b: Node, same: Same) -> Outcome | None:
    """Where one side is a congruence, or both are periodic; None where neither is."""
    if not (is_congruence(a) or is_congruence(b)):
        if not (_periodic(a) and _periodic(b)):
            return None
        if a.op != "list" and b.op != "list" and symbols(a) == symbols(b):
            return None  # the same letters: compared as expressions first
    p, q = progression(a), progression(b)
    if p is None or q is None:
        return _with_number(a, b, same)
    if p.name is not None and q.name is not None:
        names = same(p.name, q.name)
        if names.equal is not True and not (is_label(p.name) and is_label(q.name)):
            return _shifted(p, q, same)
        if names.equal is not True:
            return different("about different unknowns")
    return same_progression(p, q, same)


def _with_number(a: Node, b: Node, same: Same) -> Outcome | None:
    """`17 mod 5` is 2 as a remainder; `2 (mod 5)` is a class and no number."""
    if "residue" in (a.op, b.op):
        other = b if a.op == "residue" else a
        if other.op == "fn" and other.value == "mod":
            return same(Node("residue", other.args), a if a.op == "residue" else b)
    if is_congruence(a) or is_congruence(b):
        return different("a residue class and another kind")
    return None


def _shifted(p: Progression, q: Progression, same: Same) -> Outcome:
    """`2x ≡ 4 (mod 6)` against `x ≡ 2 (mod 3)`: not solved here."""
    if p.name is None or q.name is None:
        return undecided("congruences")
    left = both([same(p.name, q.name), same(p.start, q.start), same(p.step, q.step)])
    return left if left.equal else undecided("congruences about different expressions")


def same_progression(p: Progression, q: Progression, same: Same) -> Outcome:
    steps = same(p.step, q.step)
    if steps.equal is not True:
        opposite = same(p.step, Node("neg", (q.step,)))
        if opposite.equal is not True:
            return steps
        steps = opposite
    gap = Node("div", (Node("add", (p.start, Node("neg", (q.start,)))), p.step))
    value = exact_or_none(gap)
    if value is None:
        value = _rational_quotient(p, q)
    if value is not None:
        return steps if value.q == 1 else different("shifted by a part of the period")
    if symbols(gap):
        equal_starts = same(p.start, q.start)
        return both([steps, equal_starts]) if equal_starts.equal else undecided("progressions with letters")
    return both([steps, same(gap, Node("fn", (gap,), "floor"))])


def _rational_quotient(p: Progression, q: Progression):  # noqa: ANN202
    """(start - start) / step where both are multiples of one atom, π say."""
    gap = Node("add", (p.start, Node("neg", (q.start,))))
    try:
        functions = RationalFunctions(gap, p.step)
        a, b = functions.fraction(gap)
        c, d = functions.fraction(p.step)
        top, bottom = functions.mul(a, d), functions.mul(b, c)
    except TooComplex:
        return None
    if bottom == 0:
        return None
    if top == 0:
        return exact(num(0))
    ratio = top.leading_coefficient() / bottom.leading_coefficient()
    return ratio if top - bottom * ratio == 0 else None
