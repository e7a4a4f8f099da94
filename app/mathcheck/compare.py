"""Equality of whole answers: what kind each is, and who compares two of that kind."""

from app.mathcheck.ast import Node, is_scalar, num, substitute, symbols
from app.mathcheck.balls import OutOfDomain, ball, whole
from app.mathcheck.bounded import Bounded
from app.mathcheck.congruences import compare_progressions, is_congruence
from app.mathcheck.containers import (
    SEQUENCES,
    compare_matrices,
    compare_ratios,
    compare_repeated,
    compare_sequences,
)
from app.mathcheck.inequalities import RealSets, integers_between
from app.mathcheck.measures import compare_measures, is_measure
from app.mathcheck.outcome import Outcome, Undecided, both, different, equal, undecided
from app.mathcheck.piecewise import compare_cases
from app.mathcheck.policy import Policy
from app.mathcheck.prepare import prepare
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.reals import Line, RealSet, compare_sets, has_letters
from app.mathcheck.relations import chain_value, compare_relations, compare_values_of
from app.mathcheck.scalar import compare_scalars, order
from app.mathcheck.words import compare_words, letters, plain
from app.mathcheck.work import spend

_SETS = frozenset(["interval", "union", "inter", "minus", "setb", "set"])
_NUMBER_SETS = frozenset(
    [
        "reals",
        "integers",
        "naturals",
        "rationals",
        "complexes",
        "empty",
        "positive reals",
        "positive integers",
        "positive naturals",
    ]
)
_DISCRETE = frozenset(["integers", "naturals", "positive integers", "positive naturals", "rationals", "complexes"])
_NAMES = {"list": "a list of answers", "mod": "a congruence", "date": "a date", "residue": "a residue class"}
_ADDED_CONSTANTS = frozenset(["c", "C", "K", "k"])
_FREE_CONSTANTS = frozenset(["c", "C", "K"])
_LINE = Line(order)
_REAL_SETS = RealSets(_LINE)
_SYMPY = Bounded()


STEPS = 5
"""Work of telling the kinds of two answers: lists compare their items pair by pair."""


def compare(a: Node, b: Node, policy: Policy) -> Outcome:
    """Whether two answers are the same object. Raises Unparsable, TooComplex."""
    if a.op == "num" == b.op:
        return compare_scalars(a, b, policy)
    spend(STEPS)
    return _compare(prepare(a), prepare(b), policy)


def _compare(a: Node, b: Node, policy: Policy) -> Outcome:
    if a == b and a.op != "rel":
        return equal("the same expression")
    if is_scalar(a) and is_scalar(b):
        if letters(a) is not None and letters(b) is not None:
            return compare_words(a, b)
        return _scalars(a, b, policy)
    if "text" in (a.op, b.op):
        return compare_words(a, b)

    def same(x: Node, y: Node) -> Outcome:
        return compare(x, y, policy)

    if a.op == "tuple" == b.op:
        return compare_sequences(a, b, same)
    chain_a, chain_b = chain_value(a, same), chain_value(b, same)
    if chain_a != a or chain_b != b:
        return compare(chain_a, chain_b, policy)
    if is_congruence(a) or is_congruence(b) or "list" in (a.op, b.op) or a.op == b.op == "rel":
        found = compare_progressions(a, b, same)
        if found is not None:
            return found
    if "rel" in (a.op, b.op):
        named = compare_values_of(a, b, same)
        if named is not None:
            return named
    if is_measure(a) or is_measure(b):
        return compare_measures(a, b, policy, same) if not _is_set(a) and not _is_set(b) else different("a set")
    found = _sets(a, b, policy)
    if found is not None:
        return found
    if a.op == b.op == "rel":
        return compare_relations(a, b, same)
    return _structures(a, b, policy)


def _structures(a: Node, b: Node, policy: Policy) -> Outcome:
    def same(x: Node, y: Node) -> Outcome:
        return compare(x, y, policy)

    ops = {a.op, b.op}
    if ops <= SEQUENCES:
        return compare_sequences(a, b, same)
    if "list" in ops and (is_scalar(a) or is_scalar(b)):
        items, one = (a, b) if a.op == "list" else (b, a)
        return compare_repeated(items, one, same)
    if "set" in ops and "matrix" not in ops:
        s, other = (a, b) if a.op == "set" else (b, a)
        if len(s.args) == 1 and not _is_set(other):
            return same(s.args[0], other)
    if "matrix" in ops and ops <= {"matrix", "tuple", "bracket"}:
        return compare_matrices(a, b, same)
    if "matrix" in ops or "tuple" in ops:
        vector = _unit_vectors(a, b)
        if vector is not None:
            return same(*vector)
    if "ratio" in ops:
        return compare_ratios(a, b, same)
    if a.op == b.op == "date":
        return _dates(a, b)
    if a.op == b.op and len(a.args) == len(b.args) and a.args and a.value == b.value:
        outcome = both([same(x, y) for x, y in zip(a.args, b.args, strict=True)])
        return outcome if outcome.equal else undecided(a.op)
    return _kinds(a, b)


def _scalars(a: Node, b: Node, policy: Policy) -> Outcome:
    names = [n.value for n in (a, b) if n.op == "const" and n.value in _NUMBER_SETS]
    if names:
        return _number_sets(a, b)
    if "cases" in (a.op, b.op):
        return compare_cases(a, b, policy)
    a, b = _same_constant(a, b)
    outcome = compare_scalars(a, b, policy)
    if outcome.equal is None and policy.symbolic:
        return _SYMPY(a, b)
    if outcome.equal is False and symbols(a) != symbols(b):
        periodic = compare_progressions(a, b, lambda x, y: compare(x, y, policy))
        return periodic if periodic is not None else outcome
    return outcome


def _number_sets(a: Node, b: Node) -> Outcome:
    """ℝ against ℚ, or against something that is no set of numbers."""
    for x, y in ((a, b), (b, a)):
        if x.value == "naturals" and y.value == "positive integers":
            return undecided("whether zero is a natural number")
    return different("different sets") if a != b else equal("the same set")


def _sets(a: Node, b: Node, policy: Policy) -> Outcome | None:
    """Sets of numbers by their points; None unless one side is a set and the other may be."""
    pairs = _may_be_set(a) and _may_be_set(b)
    if not pairs or (a.op == b.op and not _is_set(a)):
        return None
    try:
        a, b = (_integers(n) or n for n in (a, b))
        if a.op == b.op == "set":
            return compare_sequences(a, b, lambda x, y: compare(x, y, policy))
        x, y = _REAL_SETS.of(a), _REAL_SETS.of(b)
    except Undecided as reason:
        return undecided(str(reason))
    if x is None or y is None:
        return _one_set(a, b, x, y, policy)
    if x.variable and y.variable and x.variable != y.variable:
        if a.op == b.op == "rel":
            return None
        return different("about different variables")
    return compare_sets(x, y, _LINE, lambda p, q: compare_scalars(p, q, policy))


def _one_set(a: Node, b: Node, x: RealSet | None, y: RealSet | None, policy: Policy) -> Outcome | None:
    """One side is no set of reals that is understood."""
    if a.op == b.op:
        return None  # by structure: two inequalities in several variables, two set-builders
    for n, s in ((a, x), (b, y)):
        if s is None and (n.op in ("setb", "union", "inter", "minus") or n.value in _DISCRETE):
            return _finite_union(a, b, policy) or undecided("a set that is not understood")
        if s is None and n.op == "rel":
            return undecided("a relation that is not solved")
    return None


def _finite_union(a: Node, b: Node, policy: Policy) -> Outcome | None:
    r"""`\{1, 2\} ∪ \{3\}` of things that are no reals: united item by item."""
    united = [_united(n) for n in (a, b)]
    if united[0] is None or united[1] is None:
        return None
    return compare_sequences(united[0], united[1], lambda x, y: compare(x, y, policy))


def _united(n: Node) -> Node | None:
    if n.op == "set":
        return n
    if n.op != "union":
        return None
    parts = [_united(a) for a in n.args]
    return None if any(p is None for p in parts) else Node("set", tuple(x for p in parts if p for x in p.args))


def _integers(node: Node) -> Node | None:
    """`{x ∈ ℤ : 1 ≤ x ≤ 3}` as the finite set that it is."""
    if node.op != "setb" or node.args[0].op != "rel" or node.args[0].value != "∈":
        return None
    variable, domain = node.args[0].args
    if domain.value not in ("integers", "naturals", "positive integers"):
        return None
    inner = _REAL_SETS.of(Node("setb", (variable, node.args[1])))
    if inner is None or has_letters(inner):
        return None
    if domain.value != "integers":
        least = num(1) if domain.value == "positive integers" else num(0)
        rest = _REAL_SETS.of(Node("rel", (variable, least), ">="))
        inner = _LINE.intersection(inner, rest) if rest else inner
        if domain.value == "naturals" and (found := integers_between(inner, _LINE, _floor)) and num(0) in found:
            raise Undecided("whether zero is a natural number")
    found = integers_between(inner, _LINE, _floor)
    return None if found is None else Node("set", found) if found else Node("const", (), "empty")


def _floor(x: Node) -> int:
    value = exact_or_none(x)
    if value is not None:
        return int(value.floor())
    try:
        n = whole(ball(x, {}, 128).real.floor())
    except (OutOfDomain, ZeroDivisionError):
        n = None
    if n is None:
        raise Undecided("an end near an integer")
    return int(n)


def _is_set(n: Node) -> bool:
    """Whether a node can only be a set."""
    if n.op in _SETS or (n.op == "const" and n.value in _NUMBER_SETS):
        return True
    if n.op == "rel":
        return any(o in n.value.split() for o in ("<", ">", "<=", ">=", "!=", "∈"))
    return n.op == "list" and bool(n.args) and all(a.op == "rel" for a in n.args) and any(_is_set(a) for a in n.args)


def _may_be_set(n: Node) -> bool:
    return _is_set(n) or (n.op in ("tuple", "bracket") and len(n.args) == 2)


def _same_constant(a: Node, b: Node) -> tuple[Node, Node]:
    """`+ c` and `+ C`, `Ce^x` and `Ke^x`: the name of a constant of integration is free."""
    only_a, only_b = symbols(a) - symbols(b), symbols(b) - symbols(a)
    if len(only_a) == len(only_b) == 1 and only_a | only_b <= _ADDED_CONSTANTS:
        free = only_a | only_b <= _FREE_CONSTANTS and bool(symbols(a) & symbols(b))
        by = Node("sym", (), only_b.pop())
        name = only_a.pop()
        if free or (a.op == b.op == "add" and Node("sym", (), name) in a.args and by in b.args):
            return substitute(a, name, by), b
    return a, b


def _unit_vectors(a: Node, b: Node) -> tuple[Node, Node] | None:
    """3i + 4j beside a vector: its components."""
    vector, other = (a, b) if a.op in ("matrix", "tuple") else (b, a)
    if not is_scalar(other) or not symbols(other) <= {"j", "k"} or not symbols(other):
        return None
    i = Node("const", (), "i")
    axes = [i, Node("sym", (), "j"), Node("sym", (), "k")]
    size = len(vector.args) if vector.op == "tuple" else sum(len(r.args) for r in vector.args)
    if size not in (2, 3) or (size == 2 and "k" in symbols(other)):
        return None
    parts = [_component(other, k, axes[:size]) for k in range(size)]
    linear = Node("add", tuple(Node("mul", pair) for pair in zip(parts, axes, strict=False)))
    if compare_scalars(linear, other, Policy()).equal is not True:
        return None
    return vector, Node("tuple", tuple(parts))


def _component(node: Node, k: int, axes: list[Node]) -> Node:
    if not node.args:
        return node if node not in axes else num(int(node == axes[k]))
    return node._replace(args=tuple(_component(a, k, axes) for a in node.args))


def _dates(a: Node, b: Node) -> Outcome:
    """Year, month and day; a year that only one side states is ignored, as a unit is."""
    parts = [(p, q) for p, q in zip(a.value, b.value, strict=True)]
    same = parts[1:] == [(p, p) for p, _ in parts[1:]] and (parts[0][0] == parts[0][1] or 0 in parts[0])
    return equal("the same date") if same else different("different dates")


def _kinds(a: Node, b: Node) -> Outcome:
    """Two nodes of different shapes: a proof that they differ, if each is what it seems."""
    x, y = _kind(a), _kind(b)
    if x == y or x is None or y is None:
        return undecided(f"{a.op} against {b.op}")
    return different(f"{x} is not {y}")


def _kind(n: Node) -> str | None:
    if n.op in ("lim", "pm"):
        return None
    if _is_set(n) and n.op == "const":
        return "a set"
    if is_scalar(n) or n.op in ("pct", "quantity", "ratio"):
        return "a number or formula"
    if n.op in ("tuple", "bracket", "matrix"):
        return "a tuple" if n.op != "matrix" else "a matrix"
    if _is_set(n):
        return "a set"
    if n.op == "rel":
        return "a relation"
    return {"list": "a list of answers", "mod": "a congruence", "date": "a date", "residue": "a residue class"}.get(
        n.op
    )


__all__ = ["compare", "plain"]
