"""Closed forms of limits, infinite sums and integrals that have simple ones; the rest is left as it is."""

from flint import fmpq, fmpq_poly

from app.mathcheck.approach import limit_value
from app.mathcheck.ast import BINDERS, Node, num, substitute
from app.mathcheck.limits import MAX_POLY_EXPONENT
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.reals import INF
from app.mathcheck.series import polynomial_times_power, rational


def closed_form(node: Node) -> Node:
    if not _has_binder(node):
        return node
    node = node._replace(args=tuple(closed_form(a) for a in node.args))
    found: Node | None = None
    if node.op == "lim":
        found = limit_value(node)
    elif node.op == "sum" and node.args[2] == INF:
        found = _power_series(node)
    elif node.op == "int":
        found = _polynomial_integral(node)
    return found or node


def _has_binder(node: Node) -> bool:
    return node.op in BINDERS or any(_has_binder(a) for a in node.args)


def _power_series(node: Node) -> Node | None:
    r"""Σ P(k) r^k from k = a: find S with S(k+1) r - S(k) = P(k); the sum is -S(a) r^a for |r| < 1."""
    variable, low, _, body = node.args
    a = exact_or_none(low)
    parts = polynomial_times_power(body, str(variable.value))
    if a is None or a.q != 1 or parts is None:
        return None
    p, r = parts
    if not -1 < r < 1 or r == 0:
        return None
    coefficients = [fmpq(0)] * (p.degree() + 1)
    rest = p
    for d in range(p.degree(), -1, -1):
        c = rest[d] / (r - 1)
        coefficients[d] = c
        term = fmpq_poly([0] * d + [c])
        rest = rest - (term(fmpq_poly([1, 1])) * r - term)
    value = fmpq_poly(coefficients)(a)
    return Node("neg", (Node("mul", (Node("num", (), value), Node("pow", (Node("num", (), r), low)))),))


def _polynomial_integral(node: Node) -> Node | None:
    variable, low, high, body = node.args
    found = rational(body, str(variable.value))
    if found is None or found[1].degree() > 0 or found[0].degree() > MAX_POLY_EXPONENT:
        return None
    primitive = (found[0] / found[1][0]).integral()
    x = Node("sym", (), variable.value)
    terms = tuple(
        Node("mul", (Node("num", (), c), Node("pow", (x, num(k)))))
        for k, c in enumerate(primitive.coeffs())
        if k and c != 0
    )
    total = Node("add", (num(0), *terms))
    at = [substitute(total, str(variable.value), end) for end in (high, low)]
    return Node("add", (at[0], Node("neg", (at[1],))))
