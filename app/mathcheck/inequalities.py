"""The set of reals that a node describes: intervals, set operations, inequalities in one unknown, set-builders."""

from typing import Any

from flint import fmpq, fmpq_poly

from app.mathcheck.ast import Node, is_scalar, num, replace, substitute, symbols
from app.mathcheck.limits import MAX_ITEMS, TooComplex
from app.mathcheck.outcome import Undecided
from app.mathcheck.ratfun import RationalFunctions
from app.mathcheck.reals import (
    EMPTY,
    INF,
    NEG_INF,
    REALS,
    Interval,
    Line,
    RealSet,
    interval,
    is_infinite,
    point,
    points,
)
from app.mathcheck.roots import complex_roots, integer_coefficients

ORDERINGS = frozenset(["<", ">", "<=", ">=", "!="])
FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!=", "≈": "≈", "≡": "≡", "∈": "∋"}
MAX_CASES = 3
"""Absolute values that are split, one inside or beside another."""
MAX_DEGREE = 24
"""Degree of a polynomial inequality."""
_SET_OPS = frozenset(["union", "inter", "minus"])


class RealSets:
    """Reads nodes as sets of reals; `line` puts their ends in order."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def of(self, node: Node) -> RealSet | None:
        """The set, or None for a node of another kind or a set of another shape. Raises Undecided, TooComplex."""
        op = node.op
        if op == "interval":
            return self._interval(node, str(node.value))
        if op in ("tuple", "bracket") and len(node.args) == 2:
            return self._interval(node, "()" if op == "tuple" else "[]")
        if op in _SET_OPS:
            return self._operation(node)
        if op == "const":
            return REALS if node.value == "reals" else EMPTY if node.value == "empty" else self._half_line(node)
        if op == "set":
            return points(node.args) if all(is_scalar(a) for a in node.args) else None
        if op == "setb":
            return self._builder(node)
        if op == "rel":
            return self._relation(node)
        if op == "list" and all(a.op == "rel" for a in node.args):
            return self._conditions(node)
        return None

    def _interval(self, node: Node, brackets: str) -> RealSet | None:
        a, b = node.args
        if not all(is_scalar(x) or is_infinite(x) for x in (a, b)):
            return None
        piece = interval(a, b, brackets)
        if not symbols(a) | symbols(b) and self.line.order(piece.low, piece.high) > 0:
            return None  # ends in the wrong order are no interval
        return RealSet((piece,))

    def _half_line(self, node: Node) -> RealSet | None:
        return RealSet((Interval(num(0), INF, False, False),)) if node.value == "positive reals" else None

    def _operation(self, node: Node) -> RealSet | None:
        a, b = (self.of(x) for x in node.args)
        if a is None or b is None:
            return None
        if node.op == "union":
            return RealSet(a.pieces + b.pieces, a.variable or b.variable)
        return self.line.intersection(a, b) if node.op == "inter" else self.line.difference(a, b)

    def _builder(self, node: Node) -> RealSet | None:
        r"""`{x | x > 2}`, `{x ∈ ℝ : x > 2}`."""
        pattern, condition = node.args
        domain: RealSet | None = REALS
        if pattern.op == "rel" and pattern.value == "∈":
            domain = self.of(pattern.args[1])
            pattern = pattern.args[0]
        if pattern.op != "sym" or domain is None:
            return None
        conditions = condition.args if condition.op == "list" and condition.value != "or" else (condition,)
        found = domain
        for c in conditions:
            if c.op == "rel" and c.value == "∈" and c.args[1] == Node("const", (), "reals"):
                continue
            s = self.of(c)
            if s is None or s.variable != pattern.value:
                return None
            found = self.line.intersection(found, s)
        return found._replace(variable="")

    def _conditions(self, node: Node) -> RealSet | None:
        """`x > 1 and x < 3` is an intersection, `x < 1 or x > 3` a union; a comma means whichever is not empty."""
        if all(a.value in ("=", "≈") for a in node.args) or len(node.args) > MAX_ITEMS // 4:
            return None
        parts = [self._equation(a) if a.value == "=" else self.of(a) for a in node.args]
        found = [p for p in parts if p is not None]
        if len(found) < len(parts) or len({p.variable for p in found}) != 1:
            return None
        total = found[0]
        for p in found[1:]:
            total = self.line.union(total, p) if node.value == "or" else self.line.intersection(total, p)
        if node.value is None and not total.pieces:
            return RealSet(tuple(i for p in found for i in p.pieces), found[0].variable)
        return total

    def _equation(self, node: Node) -> RealSet | None:
        name, value = node.args
        if name.op != "sym" or symbols(value) or not is_scalar(value):
            return None
        return RealSet((point(value),), str(name.value))

    def _relation(self, node: Node) -> RealSet | None:
        ops = str(node.value).split()
        args = node.args
        if ops == ["∈"] and args[0].op == "sym":
            inner = self.of(args[1])
            return inner._replace(variable=str(args[0].value)) if inner else None
        if any(o not in ORDERINGS for o in ops):
            return None
        names = set[str]().union(*(symbols(a) for a in args))
        if len(args) == 3 and args[1].op in ("sym", "app") and not symbols(args[0]) | symbols(args[2]):
            between = _between(ops, args)
            if between is not None:
                return between
        if len(args) == 2 and not (len(names) == 1 and all(is_scalar(a) for a in args)):
            return self._isolated(node)
        if len(names) != 1:
            return None
        name = names.pop()
        total = REALS
        for op, left, right in zip(ops, args, args[1:], strict=False):
            part = self._solve(left, right, op, name, MAX_CASES)
            if part is None:
                return None
            total = part if total is REALS else self.line.intersection(total, part)
        return total._replace(variable=name)

    def _isolated(self, node: Node) -> RealSet | None:
        """`x < a` with letters, `f(x) > 2`, `x < ∞`: the unknown stands alone on one side."""
        left, right = node.args
        op = str(node.value)
        if right.op in ("sym", "app") and not is_infinite(left) and left.op not in ("sym", "app"):
            left, right, op = right, left, FLIP[op]
        if left.op not in ("sym", "app") or not (is_scalar(right) or is_infinite(right)):
            return None
        if left.op == "sym" and left.value in symbols(right):
            return None
        return RealSet(_ray(right, op), str(left.value))

    def _solve(self, left: Node, right: Node, op: str, name: str, cases: int) -> RealSet | None:
        """Solutions of `left op right` in the unknown, all else constant; None if its shape is not handled."""
        x = Node("sym", (), name)
        if is_infinite(left) or is_infinite(right):
            return self._isolated(Node("rel", (left, right), op))
        if left == x and not symbols(right):
            return RealSet(_ray(right, op))
        if right == x and not symbols(left):
            return RealSet(_ray(left, FLIP[op]))
        inner = _absolute(left, name) or _absolute(right, name)
        if inner is not None:
            return self._split(inner, left, right, op, name, cases)
        f = Node("add", (left, Node("neg", (right,))))
        functions = RationalFunctions(f)
        p, q = functions.fraction(f)
        if set(functions.atoms) <= {x}:
            return self._by_roots(functions.univariate(p, x), functions.univariate(q, x), op)
        return self._by_formula(f, functions, p, q, x, op)

    def _split(self, inner: Node, left: Node, right: Node, op: str, name: str, cases: int) -> RealSet | None:
        """|u| is u where u ≥ 0 and -u elsewhere."""
        if not cases:
            return None
        total = EMPTY
        whole = Node("fn", (inner,), "abs")
        for sign, by in ((">=", inner), ("<", Node("neg", (inner,)))):
            where = self._solve(inner, num(0), sign, name, cases - 1)
            part = self._solve(replace(left, whole, by), replace(right, whole, by), op, name, cases - 1)
            if where is None or part is None:
                return None
            total = self.line.union(total, self.line.intersection(where, part))
        return total

    def _by_roots(self, p: fmpq_poly, q: fmpq_poly, op: str) -> RealSet | None:
        """Signs of p/q between the roots of both."""
        if max(p.degree(), q.degree()) > MAX_DEGREE:
            raise TooComplex("the degree of an inequality")
        if p.degree() < 0:
            holds = op in ("<=", ">=")
            return self.line.complement(points(tuple(r for r, _ in _roots(q)))) if holds else EMPTY
        zeros, poles = _roots(p), _roots(q)
        if op == "!=":
            return self.line.complement(points(tuple(r for r, _ in (*zeros, *poles))))
        marks = self.line.normal(points(tuple(r for r, _ in (*zeros, *poles)))).pieces
        odd = {m.low: sum(k for r, k in (*zeros, *poles) if self.line.order(r, m.low) == 0) % 2 for m in marks}
        sign = 1 if p.leading_coefficient() * q.leading_coefficient() > 0 else -1
        wanted = 1 if op.startswith(">") else -1
        pieces: list[Interval] = []
        high: Node = INF
        for m in reversed((*marks,)):
            if sign == wanted:
                pieces.append(Interval(m.low, high, False, False))
            if odd[m.low]:
                sign = -sign
            high = m.low
        if sign == wanted:
            pieces.append(Interval(NEG_INF, high, False, False))
        if op.endswith("="):
            pieces += [point(r) for r, _ in zeros if not any(self.line.order(r, s) == 0 for s, _ in poles)]
        return self.line.normal(RealSet(tuple(pieces)))

    def _by_formula(self, f: Node, functions: RationalFunctions, p: Any, q: Any, x: Node, op: str) -> RealSet | None:
        """Degree one or two with constants that are no rationals: `x^2 - 2√2x + 1 ≤ 0`."""
        index = functions.atoms.get(x)
        others = [a for a in functions.atoms if a != x]
        if index is None or any(symbols(a) for a in others) or q.degrees()[index] or p.degrees()[index] > 2:
            return None
        at = [substitute(f, str(x.value), num(k)) for k in (0, 1, -1)]
        c = at[0]
        half = num(fmpq(1, 2))
        a = _sum(Node("mul", (half, _sum(at[1], at[2]))), Node("neg", (c,)))
        b = Node("mul", (half, _sum(at[1], Node("neg", (at[2],)))))
        sign = self.line.order(a, num(0)) if p.degrees()[index] == 2 else 0
        if sign == 0:
            slope = self.line.order(b, num(0))
            if slope == 0:
                return None
            root = Node("div", (Node("neg", (c,)), b))
            return RealSet(_ray(root, op if slope > 0 else FLIP[op]))
        square = _sum(Node("mul", (b, b)), Node("neg", (Node("mul", (num(4), a, c)),)))
        disc = self.line.order(square, num(0))
        outside = (op.startswith(">")) == (sign > 0)
        if disc < 0:
            return REALS if outside or op == "!=" else EMPTY
        ends = [
            Node("div", (_sum(Node("neg", (b,)), r), Node("mul", (num(2), a))))
            for r in (Node("neg", (Node("root", (square, num(2))),)), Node("root", (square, num(2))))
        ]
        low, high = ends if sign > 0 else reversed(ends)
        closed = op.endswith("=") and op != "!="
        if op == "!=":
            return self.line.complement(points((low, high)))
        inside = RealSet((Interval(low, high, closed != outside, closed != outside),))
        return self.line.complement(inside) if outside else self.line.normal(inside)


def _between(ops: list[str], args: tuple[Node, ...]) -> RealSet | None:
    """`a < x <= b` and `b >= x > a`."""
    left, middle, right = args
    if any(not (is_scalar(n) or is_infinite(n)) for n in (left, right)):
        return None
    if all(o in (">", ">=") for o in ops):
        left, right, ops = right, left, [FLIP[o] for o in reversed(ops)]
    if any(o not in ("<", "<=") for o in ops):
        return None
    brackets = ("[" if ops[0] == "<=" else "(") + ("]" if ops[1] == "<=" else ")")
    return RealSet((interval(left, right, brackets),), str(middle.value))


def _ray(bound: Node, op: str) -> tuple[Interval, ...]:
    if op == "!=":
        return (Interval(NEG_INF, bound, False, False), Interval(bound, INF, False, False))
    closed = "[]" if op.endswith("=") else "()"
    if op.startswith("<"):
        return (interval(NEG_INF, bound, closed),)
    return (interval(bound, INF, closed),)


def _sum(*nodes: Node) -> Node:
    return Node("add", nodes)


def _absolute(node: Node, name: str) -> Node | None:
    """The inside of an innermost absolute value that holds the unknown."""
    for a in node.args:
        found = _absolute(a, name)
        if found is not None:
            return found
    return node.args[0] if node.op == "fn" and node.value == "abs" and name in symbols(node) else None


def _roots(p: fmpq_poly) -> list[tuple[Node, int]]:
    """Real roots with multiplicities, each as a constant: rational, by the formula, or the k-th root of its factor."""
    found: list[tuple[Node, int]] = []
    if p.degree() < 1:
        return found
    for factor, multiplicity in p.factor()[1]:
        c = integer_coefficients(factor)
        if len(c) == 2:
            found.append((num(fmpq(-c[0], c[1])), multiplicity))
        elif len(c) == 3:
            disc = c[1] * c[1] - 4 * c[0] * c[2]
            if disc > 0:
                root = Node("root", (num(disc), num(2)))
                found += [
                    (Node("div", (_sum(num(-c[1]), r), num(2 * c[2]))), multiplicity)
                    for r in (root, Node("neg", (root,)))
                ]
        else:
            real = sum(1 for r in complex_roots(c) if r.imag == 0)
            found += [(Node("algebraic", (), (c, k)), multiplicity) for k in range(real)]
    return found


def integers_between(s: RealSet, line: Line, floor: Any) -> tuple[Node, ...] | None:
    """The integers of a bounded set; `floor` gives the integer part of an end. None if there are too many."""
    found: list[Node] = []
    for p in line.normal(s).pieces:
        if p.low == NEG_INF or p.high == INF:
            return None
        a, b = floor(p.low), floor(p.high)
        if b - a > MAX_ITEMS:
            return None
        for k in range(a, b + 1):
            low, high = line.order(num(k), p.low), line.order(num(k), p.high)
            if (low > 0 or (low == 0 and p.closed_low)) and (high < 0 or (high == 0 and p.closed_high)):
                found.append(num(k))
    return tuple(found)


__all__ = ["FLIP", "ORDERINGS", "RealSets", "Undecided", "integers_between"]
