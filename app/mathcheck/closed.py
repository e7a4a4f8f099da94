"""Closed forms of limits, sums and integrals that have simple ones; the rest is left as it is."""

from flint import fmpq, fmpq_poly

from app.mathcheck.approach import limit_value
from app.mathcheck.ast import BINDERS, ONE, Node, num, substitute
from app.mathcheck.integrals import definite
from app.mathcheck.limits import MAX_POLY_EXPONENT
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.reals import INF
from app.mathcheck.scalar import order
from app.mathcheck.series import polynomial_times_power


def closed_form(node: Node) -> Node:
    if not _has_binder(node):
        return node
    node = node._replace(args=tuple(closed_form(a) for a in node.args))
    found: Node | None = None
    if node.op == "lim":
        found = limit_value(node)
    elif node.op == "sum":
        found = _power_sum(node)
    elif node.op == "int":
        found = definite(node, order)
    return found or node


def _has_binder(node: Node) -> bool:
    return node.op in BINDERS or any(_has_binder(a) for a in node.args)


def _power_sum(node: Node) -> Node | None:
    r"""Σ P(k) r^k from a to n: find S with S(k+1) r - S(k) = P(k); the sum is S(n+1) r^(n+1) - S(a) r^a."""
    variable, low, high, body = node.args
    parts = polynomial_times_power(body, str(variable.value))
    if parts is None or (high != INF and exact_or_none(high) is not None):
        return None  # a sum with few terms is added up
    p, r = parts
    if r == 0 or p.degree() > MAX_POLY_EXPONENT // 8 or (high == INF and not -1 < r < 1):
        return None
    k = Node("sym", (), str(variable.value))
    s = _telescope(p, r)
    form = Node(
        "mul",
        (
            Node("add", (num(0), *(Node("mul", (Node("num", (), c), Node("pow", (k, num(j))))) for j, c in s if j))),
            ONE,
        ),
    )
    constant = next((c for j, c in s if j == 0), fmpq(0))
    form = Node("mul", (Node("add", (form, Node("num", (), constant))), Node("pow", (Node("num", (), r), k))))
    start = Node("neg", (substitute(form, str(variable.value), low),))
    if high == INF:
        return start
    return Node("add", (substitute(form, str(variable.value), Node("add", (high, ONE))), start))


def _telescope(p: fmpq_poly, r: fmpq) -> list[tuple[int, fmpq]]:
    """The polynomial S with S(k+1) r - S(k) = P(k), coefficient by coefficient from the top."""
    shift = fmpq_poly([1, 1])
    found: list[tuple[int, fmpq]] = []
    rest = p
    for d in range(p.degree() + int(r == 1), -1, -1):
        c = rest[d] / (r - 1) if r != 1 else rest[d - 1] / d if d else fmpq(0)
        found.append((d, c))
        term = fmpq_poly([0] * d + [c])
        rest = rest - (term(shift) * r - term)
    return [(d, c) for d, c in found if c != 0]
