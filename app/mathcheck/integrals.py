"""Definite integrals by a small table of primitives: polynomials times exp, sin or cos; powers; logarithms; rationals.

A primitive counts only where the integrand is continuous between the bounds, or the integral converges at them.
"""

from collections.abc import Callable
from typing import NamedTuple

from flint import fmpq, fmpq_poly

from app.mathcheck.ast import ONE, TWO, Node, num, substitute, symbols
from app.mathcheck.outcome import Undecided
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.reals import INF, NEG_INF
from app.mathcheck.roots import integer_coefficients
from app.mathcheck.series import rational

Order = Callable[[Node, Node], int]
MAX_DEGREE = 12
PI = Node("const", (), "pi")
E = Node("const", (), "e")


class _Bounds(NamedTuple):
    low: Node
    high: Node
    order: Order

    def below(self, x: Node) -> bool:
        """Whether a point is left of the whole interval."""
        return self.low != NEG_INF and self.order(x, self.low) < 0

    def outside(self, x: Node) -> bool:
        """Whether a point is strictly left or right of the interval."""
        return self.below(x) or (self.high != INF and self.order(x, self.high) > 0)


class _Primitive(NamedTuple):
    """A primitive, and its limits at -∞ and +∞ where it has them."""

    form: Node
    at_minus: Node | None = None
    at_plus: Node | None = None


def definite(node: Node, order: Order) -> Node | None:
    """Value of an `int` node, or None where the table or the continuity does not reach."""
    variable, low, high, body = node.args
    name = str(variable.value)
    if symbols(low) | symbols(high) | symbols(body) - {name}:
        return _polynomial(node)
    bounds = _Bounds(low, high, order)
    try:
        if (low in (INF, NEG_INF) and low != NEG_INF) or high == NEG_INF:
            return None
        if low != NEG_INF and high != INF and order(low, high) > 0:
            value = definite(node._replace(args=(variable, high, low, body)), order)
            return value and _neg(value)
        parts = [_primitive(t, name, bounds) for t in _summands(body)]
    except Undecided:
        return None
    total: list[Node] = []
    for p in parts:
        if p is None:
            return None
        top = p.at_plus if high == INF else substitute(p.form, name, high)
        bottom = p.at_minus if low == NEG_INF else substitute(p.form, name, low)
        if top is None or bottom is None:
            return None
        total += [top, _neg(bottom)]
    return Node("add", (num(0), *total))


def _neg(x: Node) -> Node:
    return Node("neg", (x,))


def _mul(*xs: Node) -> Node:
    return Node("mul", xs)


def _polynomial(node: Node) -> Node | None:
    """With letters in the bounds, polynomials alone."""
    variable, low, high, body = node.args
    name = str(variable.value)
    found = rational(body, name)
    if found is None or found[1].degree() > 0:
        return None
    form = _form((found[0] / found[1][0]).integral(), name)
    return Node("add", (substitute(form, name, high), _neg(substitute(form, name, low))))


def _form(p: fmpq_poly, name: str) -> Node:
    x = Node("sym", (), name)
    terms = [_mul(Node("num", (), c), Node("pow", (x, num(k)))) if k else Node("num", (), c) for k, c in _terms(p)]
    return Node("add", (num(0), *terms))


def _terms(p: fmpq_poly) -> list[tuple[int, fmpq]]:
    return [(k, c) for k, c in enumerate(p.coeffs()) if c != 0]


def _summands(node: Node) -> list[Node]:
    if node.op == "add":
        return [t for a in node.args for t in _summands(a)]
    if node.op == "neg":
        return [_neg(t) for t in _summands(node.args[0])]
    return [node]


def _factors(node: Node) -> list[Node]:
    if node.op == "mul":
        return [f for a in node.args for f in _factors(a)]
    if node.op == "neg":
        return [num(-1), *_factors(node.args[0])]
    if node.op == "div":
        return [*_factors(node.args[0]), Node("div", (ONE, node.args[1]))]
    return [node]


def _primitive(node: Node, name: str, bounds: _Bounds) -> _Primitive | None:
    found = rational(node, name)
    if found is not None:
        return _rational(*found, name, bounds)
    polynomial, others = fmpq_poly([1]), list[Node]()
    constants: list[Node] = []
    for f in _factors(node):
        part = rational(f, name)
        if name not in symbols(f):
            constants.append(f)
        elif part is not None and part[1].degree() == 0:
            polynomial = polynomial * part[0] / part[1][0]
        else:
            others.append(f)
    if polynomial.degree() > MAX_DEGREE:
        return None
    if len(others) != 1:
        return None
    p = _transcendental(polynomial, others[0], name, bounds)
    if p is None or not constants:
        return p
    c = _mul(*constants) if len(constants) > 1 else constants[0]
    return _Primitive(*(None if x is None else _mul(c, x) for x in p))  # pyright: ignore[reportArgumentType]


def _rational(p: fmpq_poly, q: fmpq_poly, name: str, bounds: _Bounds) -> _Primitive | None:
    """Polynomial part, simple rational poles and one irreducible quadratic factor."""
    common = p.gcd(q)
    p, q = p / common, q / common
    if max(p.degree(), q.degree()) > MAX_DEGREE:
        return None
    whole, rest = divmod(p, q)
    if q.degree() < 1 or rest.degree() < 0:
        return _Primitive(_form((p / q[0] if q.degree() == 0 else whole).integral(), name))
    x = Node("sym", (), name)
    terms: list[Node] = [_form(whole.integral(), name)]
    factors = [(f, m) for f, m in q.factor()[1]]
    if len(factors) == 1 and factors[0][0].degree() == 1 and factors[0][1] > 1 and rest.degree() == 0:
        return _pole(rest[0] / q.leading_coefficient(), factors[0], x, whole, bounds)
    for f, m in factors:
        c = integer_coefficients(f)
        if m > 1 or len(c) > 3:
            return None
        if len(c) == 2:
            r = fmpq(-c[0], c[1])
            if not bounds.outside(num(r)):
                return None
            gap = Node("add", (x, num(-r))) if bounds.below(num(r)) else Node("add", (num(r), _neg(x)))
            terms.append(_mul(num(rest(r) / q.derivative()(r)), Node("fn", (gap,), "log")))
        elif len(factors) == 1:
            return _quadratic(rest, q, x, whole, bounds)
        else:
            return None
    return _Primitive(Node("add", tuple(terms)))


def _pole(c: fmpq, factor: tuple[fmpq_poly, int], x: Node, whole: fmpq_poly, bounds: _Bounds) -> _Primitive | None:
    """c / (x - r)^m."""
    f, m = factor
    lead = f[1]
    r = num(-f[0] / lead)
    if not bounds.outside(r):
        return None
    scale = num(c / (1 - m))
    form = _mul(scale, Node("pow", (Node("add", (x, _neg(r))), num(1 - m))))
    if whole.degree() >= 0:
        return _Primitive(Node("add", (form, _form(whole.integral(), str(x.value)))))
    return _Primitive(form, num(0), num(0))


def _quadratic(rest: fmpq_poly, q: fmpq_poly, x: Node, whole: fmpq_poly, bounds: _Bounds) -> _Primitive | None:
    """(αq' + β) / q for a quadratic q without real roots."""
    a, b, c = q[2], q[1], q[0]
    disc = 4 * a * c - b * b
    if disc <= 0:
        return None
    alpha = rest[1] / (2 * a)
    beta = rest[0] - alpha * b
    root = Node("root", (num(disc), TWO))
    linear = Node("add", (_mul(num(2 * a), x), num(b)))
    arc = Node("fn", (Node("div", (linear, root)),), "arctan")
    scale = Node("div", (num(2 * beta), root))
    form = _mul(scale, arc)
    if alpha == 0 and whole.degree() < 0:
        quarter = Node("div", (PI, TWO)) if a > 0 else _neg(Node("div", (PI, TWO)))
        return _Primitive(form, _neg(_mul(scale, quarter)), _mul(scale, quarter))
    square = _form(q if a > 0 else -q, str(x.value))
    logarithm = _mul(num(alpha), Node("fn", (square,), "log"))
    return _Primitive(Node("add", (form, logarithm, _form(whole.integral(), str(x.value)))))


def _transcendental(p: fmpq_poly, f: Node, name: str, bounds: _Bounds) -> _Primitive | None:
    x = Node("sym", (), name)
    if f.op == "pow" and name not in symbols(f.args[0]):
        return _exponential(p, f, name)
    if f.op == "fn" and f.value in ("sin", "cos"):
        return _wave(p, f, name)
    if f == Node("fn", (x,), "log") and p.degree() == 0 and bounds.below(num(0)):
        return _Primitive(_mul(Node("num", (), p[0]), x, Node("add", (f, num(-1)))))
    e = exact_or_none(f.args[1]) if f.op in ("pow", "root") and f.args[0] == x else None
    if e is None or p.degree() != 0 or e == 0:
        return None
    r = fmpq(1) / e if f.op == "root" else e
    if r == -1 or bounds.low == NEG_INF or bounds.order(bounds.low, num(0)) < 0:
        return None
    if r < -1 and not bounds.below(num(0)):
        return None
    form = _mul(num(p[0] / (r + 1)), Node("pow", (x, num(r + 1))))
    return _Primitive(form, None, num(0) if r < -1 else None)


def _slope(node: Node, name: str) -> fmpq | None:
    found = rational(node, name)
    if found is None or found[1].degree() > 0 or found[0].degree() != 1:
        return None
    return found[0][1] / found[1][0]


def _exponential(p: fmpq_poly, f: Node, name: str) -> _Primitive | None:
    """P e^(ax+b) by repeated parts: e^(ax+b) (P/a - P'/a² + …)."""
    a = _slope(f.args[1], name)
    if a is None or a == 0 or (f.args[0] != E and (base := exact_or_none(f.args[0])) is None):
        return None
    scale: Node = ONE
    if f.args[0] != E:
        base = exact_or_none(f.args[0])
        if base is None or base <= 0 or base == 1 or p.degree() > 0:
            return None
        scale = Node("fn", (f.args[0],), "log")
    total, q, k = fmpq_poly([0]), p, a
    while q.degree() >= 0:
        total = total + q / k
        q, k = -q.derivative(), k * a
    form = Node("div", (_mul(_form(total, name), f), scale))
    zero = num(0)
    if f.args[0] != E:
        return _Primitive(form)
    return _Primitive(form, zero if a > 0 else None, zero if a < 0 else None)


def _wave(p: fmpq_poly, f: Node, name: str) -> _Primitive | None:
    """P sin(ax+b) by repeated parts."""
    a = _slope(f.args[0], name)
    if a is None or a == 0:
        return None
    terms: list[Node] = []
    q, k, function, sign = p, a, str(f.value), 1
    while q.degree() >= 0:
        # ∫ sin = -cos, ∫ cos = sin
        sign = -sign if function == "sin" else sign
        function = "cos" if function == "sin" else "sin"
        terms.append(_mul(num(sign), _form(q / k, name), f._replace(value=function)))
        q, k = -q.derivative(), k * a
    return _Primitive(Node("add", tuple(terms)))
