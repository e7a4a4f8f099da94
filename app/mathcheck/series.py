"""Infinite sums: a rigorous ball around the value, by the ratio of terms or by the Hurwitz zeta function.

Terms are products of rational functions, powers c^(ak+b), factorials and binomials, so that the quotient of two
neighbouring terms is a rational function R(k) of the index. If |R| is at most q < 1 from some N on, which interval
arithmetic proves, the tail is at most |t_N| / (1 - q).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flint import acb, arb, ctx, fmpq, fmpq_poly

from app.mathcheck.ast import ONE, Node, num, substitute, symbols
from app.mathcheck.limits import MAX_INFINITE_TERMS, MAX_POLY_EXPONENT, TooComplex
from app.mathcheck.ratfun import RationalFunctions, exact_or_none
from app.mathcheck.roots import complex_roots, integer_coefficients

Evaluate = Callable[[Node], Any]
MAX_STEP = 6
"""Coefficient of the index inside of a factorial or an exponent."""


class _Ratio(NamedTuple):
    """The quotient of neighbouring terms: scale · top / bottom."""

    top: fmpq_poly
    bottom: fmpq_poly
    scale: Any = 1


class NoSum(ArithmeticError):
    """The sum diverges or is of a shape that is not handled."""


_ONE = fmpq_poly([1])


def rational(node: Node, name: str) -> tuple[fmpq_poly, fmpq_poly] | None:
    """Numerator and denominator of a rational function of the index alone."""
    x = Node("sym", (), name)
    try:
        functions = RationalFunctions(node)
        p, q = functions.fraction(node)
    except TooComplex:
        return None
    if not set(functions.atoms) <= {x} or q == 0:
        return None
    return functions.univariate(p, x), functions.univariate(q, x)


def _linear(node: Node, name: str) -> tuple[int, fmpq] | None:
    """a and b of a·k + b with a small integer a."""
    found = rational(node, name)
    if found is None or found[1].degree() > 0 or found[0].degree() > 1:
        return None
    p = found[0] / found[1][0]
    a = p[1]
    return (int(a.p), p[0]) if a.q == 1 and abs(a.p) <= MAX_STEP else None


def polynomial_times_power(node: Node, name: str) -> tuple[fmpq_poly, fmpq] | None:
    """P and r of a body that is P(k) · r^k."""
    p, r = _split(node, name)
    if p is None or r is None:
        return None
    found = rational(p, name)
    if found is None or found[1].degree() > 0 or found[0].degree() > MAX_STEP:
        return None
    return found[0] / found[1][0], r


def _split(node: Node, name: str) -> tuple[Node | None, fmpq | None]:
    """The polynomial part of a body as a node, and the base of its powers."""
    if name not in symbols(node):
        return node, fmpq(1)
    if node.op == "pow" and name in symbols(node.args[1]):
        base, exponent = exact_or_none(node.args[0]), _linear(node.args[1], name)
        if base is None or base == 0 or exponent is None or exponent[1].q != 1:
            return None, None
        a, b = exponent
        return Node("num", (), base ** int(b.p)), base**a
    if node.op == "pow" and (e := exact_or_none(node.args[1])) is not None and e.q == 1:
        p, r = _split(node.args[0], name)
        if p is None or r is None or abs(e.p) > MAX_STEP:
            return None, None
        return Node("pow", (p, node.args[1])), r ** int(e.p)
    if node.op == "neg":
        p, r = _split(node.args[0], name)
        return (None if p is None else Node("neg", (p,))), r
    if node.op in ("mul", "div"):
        parts = [_split(a, name) for a in node.args]
        if any(p is None or r is None for p, r in parts):
            return None, None
        total = fmpq(1)
        for k, (_, r) in enumerate(parts):
            total = total / (r or 1) if k and node.op == "div" else total * (r or 1)
        return node._replace(args=tuple(p or ONE for p, _ in parts)), total
    return node, fmpq(1)


def _ratio(node: Node, name: str, evaluate: Evaluate) -> _Ratio:
    if name not in symbols(node):
        return _Ratio(_ONE, _ONE)
    if node.op == "neg":
        return _ratio(node.args[0], name, evaluate)
    if node.op in ("mul", "div"):
        total = _ratio(node.args[0], name, evaluate)
        for a in node.args[1:]:
            r = _ratio(a, name, evaluate)
            if node.op == "div":
                r = _Ratio(r.bottom, r.top, 1 / r.scale)
            total = _Ratio(total.top * r.top, total.bottom * r.bottom, total.scale * r.scale)
        return total
    if node.op == "fact" and node.value is None:
        return _factorial(node.args[0], name)
    if node.op == "fn" and node.value == "binom":
        n, k = node.args
        parts = [_factorial(x, name) for x in (n, k, Node("add", (n, Node("neg", (k,)))))]
        return _Ratio(parts[0].top * parts[1].bottom * parts[2].bottom, parts[0].bottom * parts[1].top * parts[2].top)
    if node.op == "pow" and name in symbols(node.args[1]):
        exponent = _linear(node.args[1], name)
        if exponent is None or name in symbols(node.args[0]):
            raise NoSum("a power")
        base = exact_or_none(node.args[0])
        if base is not None and base != 0:
            return _Ratio(fmpq_poly([base ** exponent[0]]), _ONE)
        return _Ratio(_ONE, _ONE, evaluate(node.args[0]) ** exponent[0])
    if node.op == "pow" and (e := exact_or_none(node.args[1])) is not None and e.q == 1 and abs(e.p) <= MAX_STEP:
        r = _ratio(node.args[0], name, evaluate)
        n = abs(int(e.p))
        top, bottom = (r.top, r.bottom) if e > 0 else (r.bottom, r.top)
        return _Ratio(top**n, bottom**n, r.scale ** int(e.p))
    found = rational(node, name)
    if found is None or max(found[0].degree(), found[1].degree()) > MAX_POLY_EXPONENT // 4:
        raise NoSum("a term")
    p, q = found
    shift = fmpq_poly([1, 1])
    return _Ratio(p(shift) * q, q(shift) * p)


def _factorial(node: Node, name: str) -> _Ratio:
    linear = _linear(node, name)
    if linear is None:
        raise NoSum("a factorial")
    a, b = linear
    total = _ONE
    for j in range(1, abs(a) + 1):
        total = total * fmpq_poly([b + (j if a > 0 else 1 - j), a])
    return _Ratio(total, _ONE) if a >= 0 else _Ratio(_ONE, total)


def infinite_sum(name: str, start: int, body: Node, evaluate: Evaluate) -> Any:
    """Ball around the sum of the body from `start` on. Raises NoSum."""
    found = rational(body, name)
    if found is not None:
        return _by_zeta(*found, start)
    alternating = _alternating(body, name)
    if alternating is not None:
        return _by_zeta(*alternating, 0) if start == 0 else _alternating_from(body, name, start)
    r = _ratio(body, name, evaluate)
    return _by_ratio(r, name, start, body, evaluate)


def _alternating_from(body: Node, name: str, start: int) -> Any:
    shifted = substitute(body, name, Node("add", (Node("sym", (), name), num(start))))
    pair = _alternating(shifted, name)
    if pair is None:
        raise NoSum("an alternating sum")
    return _by_zeta(*pair, 0)


def _alternating(body: Node, name: str) -> tuple[fmpq_poly, fmpq_poly] | None:
    """Terms 2j and 2j + 1 of (-1)^k f(k) added up are a rational function of j, which decays one power faster."""
    k = Node("sym", (), name)
    halves = [substitute(body, name, Node("add", (Node("mul", (num(2), k)), num(odd)))) for odd in (0, 1)]
    simple = [_without_signs(h, name) for h in halves]
    if simple[0] is None or simple[1] is None:
        return None
    return rational(Node("add", (simple[0], simple[1])), name)


def _without_signs(node: Node, name: str) -> Node | None:
    """(-1)^(2j + c) is the constant (-1)^c. None where another power of the index is left."""
    if name not in symbols(node):
        return node
    if node.op == "pow" and name in symbols(node.args[1]):
        linear = _linear(node.args[1], name)
        if exact_or_none(node.args[0]) != -1 or linear is None or linear[0] % 2 or linear[1].q != 1:
            return None
        return num(-1 if linear[1].p % 2 else 1)
    args = [_without_signs(a, name) for a in node.args]
    return None if any(a is None for a in args) else node._replace(args=tuple(a for a in args if a is not None))


def _by_zeta(p: fmpq_poly, q: fmpq_poly, start: int) -> Any:
    """Σ p/q by partial fractions over the complex roots: Σ 1/(k - ρ)^j is a Hurwitz zeta or digamma value."""
    if p.degree() < 0:
        return acb(0)
    common = p.gcd(q)
    p, q = p / common, q / common
    if q.degree() < p.degree() + 2:
        raise NoSum("a divergent sum")
    shifted_p, shifted_q = p(fmpq_poly([start, 1])), q(fmpq_poly([start, 1]))
    total = acb(0)
    for factor, m in shifted_q.factor()[1]:
        rest = shifted_q / factor**m
        for root in complex_roots(integer_coefficients(factor)):
            total += _at_pole(shifted_p, rest, factor, root, m)
    return total


def _at_pole(p: fmpq_poly, rest: fmpq_poly, factor: fmpq_poly, root: Any, m: int) -> Any:
    """The part of the sum that belongs to one pole of order m."""
    if m > MAX_STEP:
        raise NoSum("a pole of high order")
    # Laurent coefficients of p / (rest · (factor / (k - root))^m) at the root, by Taylor series of balls
    top, bottom = _taylor(p, root, m), _taylor(rest, root, m)
    linear = _taylor(factor, root, m + 1)[1:]  # factor / (k - root)
    for _ in range(m):
        bottom = _product(bottom, linear, m)
    series = _quotient(top, bottom, m)
    total = acb(0)
    for j in range(1, m + 1):
        c = series[m - j]
        total += c * ((-root).digamma() * -1 if j == 1 else acb(j).zeta(-root))
    return total


def _taylor(p: fmpq_poly, at: Any, n: int) -> list[Any]:
    found: list[Any] = []
    scale = 1
    for k in range(n):
        value = acb(0)
        for c in reversed(p.coeffs()):
            value = value * at + acb(arb(c))
        found.append(value / scale)
        p = p.derivative()
        scale *= k + 1
    return found


def _product(a: list[Any], b: list[Any], n: int) -> list[Any]:
    return [sum((a[i] * b[k - i] for i in range(k + 1)), acb(0)) for k in range(n)]


def _quotient(a: list[Any], b: list[Any], n: int) -> list[Any]:
    found: list[Any] = []
    for k in range(n):
        found.append((a[k] - sum((found[i] * b[k - i] for i in range(k)), acb(0))) / b[0])
    return found


def _by_ratio(r: _Ratio, name: str, start: int, body: Node, evaluate: Evaluate) -> Any:
    common = r.top.gcd(r.bottom)
    top, bottom = r.top / common, r.bottom / common
    if top.degree() > bottom.degree():
        raise NoSum("a divergent sum")
    if top.degree() == bottom.degree():
        rate = abs(arb(top.leading_coefficient() / bottom.leading_coefficient()) * r.scale).abs_upper()
        # each term gains log2(1/rate) bits
        if not rate < 1 or -rate.log() / arb(2).log() * MAX_INFINITE_TERMS < ctx.prec:
            raise NoSum("a sum that diverges or converges too slowly")
    term = evaluate(substitute(body, name, num(start)))
    total = acb(0)
    target = arb(2) ** -ctx.prec
    for k in range(start, start + MAX_INFINITE_TERMS):
        total += term
        if k % 16 == 0 and k > 0:
            q = _largest_ratio(top, bottom, r.scale, k)
            if q is not None and abs(term) * q / (1 - q) < target * (1 + abs(total)):
                error = (abs(term) * q / (1 - q)).abs_upper()
                return total + acb(arb(0, error), arb(0, error))
        step = bottom(fmpq(k))
        if step == 0:
            term = evaluate(substitute(body, name, num(k + 1)))
        else:
            term = term * acb(arb(top(fmpq(k)) / step)) * r.scale
    raise NoSum("a sum that converges too slowly")


def _largest_ratio(top: fmpq_poly, bottom: fmpq_poly, scale: Any, n: int) -> Any:
    """An upper bound below one of |R(k)| for all k ≥ n, by interval arithmetic in 1/k; None if there is none."""
    u = arb(1) / (2 * n)
    u = arb(u, u)  # [0, 1/n]
    d = bottom.degree()
    values: list[Any] = []
    for p, shift in ((top, d - top.degree()), (bottom, 0)):
        value = arb(0)
        for c in p.coeffs():  # reversed polynomial, by Horner from its highest power of u
            value = value * u + arb(c)
        values.append(value * u**shift)
    if values[1].contains(0):
        return None
    q = (abs(values[0] / values[1]) * abs(scale)).abs_upper()
    return q if q < 1 else None
