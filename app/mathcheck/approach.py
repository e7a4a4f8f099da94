"""Limits of simple shape: by continuity, or from exact power series at the point."""

from typing import Any, NamedTuple

from flint import fmpq, fmpq_series

from app.mathcheck.ast import ONE, Node, num, substitute, symbols
from app.mathcheck.balls import OutOfDomain, ball
from app.mathcheck.limits import MAX_SERIES_ORDER, TooComplex, Unparsable
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.reals import INF, NEG_INF, is_infinite

_JUMPS = frozenset(["floor", "ceil", "mod", "sgn", "arg", "gcd", "lcm"])
MAX_EXPONENT = 60
MAX_BITS = 2_000
"""Of a constant in a series: its powers have as many times as many bits."""


def _series(coefficients: list[Any]) -> Any:
    return fmpq_series(coefficients, prec=MAX_SERIES_ORDER)


class _Unknown(Exception):
    """The expansion leaves what rational coefficients can say."""


class _Laurent(NamedTuple):
    """factor · h^shift · series, with a nonzero constant term of the series; factor is a constant."""

    factor: Node
    shift: int
    series: Any


def limit_value(node: Node) -> Node | None:
    """The limit as a constant or ±∞; None if it is not of a shape that is handled, or does not exist."""
    variable, at, body = node.args
    name = str(variable.value)
    if name not in symbols(body):
        return body
    if symbols(body) - {name} or symbols(at):
        return _continuous(body, name, at)
    side = int(node.value or 0)
    try:
        if not is_infinite(at) and not side and (value := _continuous(body, name, at)) is not None:
            return value
        return _by_series(body, name, at, side)
    except (_Unknown, TooComplex, Unparsable, ZeroDivisionError, ValueError):
        return None


def _continuous(body: Node, name: str, at: Node) -> Node | None:
    """Elementary functions without jumps are continuous wherever they have a value."""
    if is_infinite(at) or _jumps(body):
        return None
    value = substitute(body, name, at)
    if symbols(value):
        return None
    try:
        ball(value, {}, 64)
    except (OutOfDomain, TooComplex, Unparsable, ZeroDivisionError):
        return None
    return value


def _jumps(node: Node) -> bool:
    return (node.op == "fn" and node.value in _JUMPS) or any(_jumps(a) for a in node.args)


def _by_series(body: Node, name: str, at: Node, side: int) -> Node | None:
    """Put x = a + h, a - h or ±1/h and read the limit for h → 0 from the first term."""
    h, one = _series([0, 1]), _series([1])
    if is_infinite(at):
        x = _Laurent(ONE, -1, one if at == INF else -one)
        one_sided = True
    else:
        a = exact_or_none(at)
        if a is None:
            return None
        x = _normal(ONE, 0, a + (h if side >= 0 else -h))
        one_sided = bool(side)
    total = _expand(body, name, x, one_sided)
    if total is None or total.shift > 0:
        return num(0)
    leading = Node("mul", (Node("num", (), total.series[0]), total.factor))
    if total.shift == 0:
        return leading
    if not one_sided and total.shift % 2:
        return None
    value = ball(leading, {}, 64)
    return None if value.real.contains(0) else INF if value.real > 0 else NEG_INF


def _normal(factor: Node, shift: int, series: Any) -> _Laurent:
    v = series.valuation()
    if v < 0 or series == 0:
        raise _Unknown("terms that vanish to the order of the series")
    if v:
        coefficients = series.coeffs()[v:]
        series = fmpq_series(coefficients, prec=MAX_SERIES_ORDER - v)
    return _Laurent(factor, shift + v, series)


def _expand(node: Node, name: str, x: _Laurent, one_sided: bool) -> _Laurent | None:
    """Expansion of a node; None for the constant zero. Raises _Unknown."""
    if name not in symbols(node):
        value = exact_or_none(node)
        if value == 0:
            return None
        one = _series([1])
        if value is not None and int(value.p).bit_length() + int(value.q).bit_length() > MAX_BITS:
            raise _Unknown("a constant too long for a series")
        return _Laurent(ONE, 0, one * value) if value is not None else _Laurent(node, 0, one)
    if node.op == "sym":
        return x
    parts = [_expand(a, name, x, one_sided) for a in node.args]
    first = parts[0]
    if node.op == "neg":
        return first and first._replace(series=-first.series)
    if node.op == "add":
        return _add([p for p in parts if p is not None])
    if node.op in ("mul", "div"):
        return _product(node.op, parts)
    if node.op == "pow":
        return _power(node, first, parts[1])
    if first is None:
        raise _Unknown("a function at zero")
    if node.op == "root":
        return _root(first, exact_or_none(node.args[1]), one_sided)
    if node.op == "fn":
        return _function(str(node.value), first, one_sided)
    raise _Unknown(node.op)


def _add(parts: list[_Laurent]) -> _Laurent | None:
    if not parts:
        return None
    if len({p.factor for p in parts}) > 1:
        raise _Unknown("different constants")
    low = min(p.shift for p in parts)
    total: Any = None
    for p in parts:
        h = _series([0] * (p.shift - low) + [1])
        total = p.series * h if total is None else total + p.series * h
    return _normal(parts[0].factor, low, total)


def _product(op: str, parts: list[_Laurent | None]) -> _Laurent | None:
    total = parts[0]
    for p in parts[1:]:
        if p is None:
            if op == "div":
                raise _Unknown("division by zero")
            return None
        if total is None:
            continue
        if op == "mul":
            total = _Laurent(_times(total.factor, p.factor), total.shift + p.shift, total.series * p.series)
        else:
            factor = total.factor if p.factor == ONE else Node("div", (total.factor, p.factor))
            total = _Laurent(factor, total.shift - p.shift, total.series / p.series)
    return total


def _times(a: Node, b: Node) -> Node:
    return b if a == ONE else a if b == ONE else Node("mul", (a, b))


def _power(node: Node, base: _Laurent | None, exponent: _Laurent | None) -> _Laurent | None:
    e = exact_or_none(node.args[1])
    if e is not None and e.q == 1 and abs(e.p) <= MAX_EXPONENT:
        if base is None:
            raise _Unknown("a power of zero")
        n = int(e.p)
        series = base.series ** abs(n)
        factor = ONE if base.factor == ONE else Node("pow", (base.factor, num(n)))
        return _Laurent(factor, base.shift * n, series if n >= 0 else 1 / series)
    if e is not None and base is not None:
        root = _root(base, fmpq(e.q), True)
        return _power(Node("pow", (node.args[0], num(e.p))), root, None)
    if node.args[0] == Node("const", (), "e"):
        return _exponential(exponent)
    if base is None or exponent is None:
        raise _Unknown("a power of zero")
    return _exponential(_product("mul", [exponent, _logarithm(base)]))


def _exponential(x: _Laurent | None) -> _Laurent:
    if x is None:
        return _Laurent(ONE, 0, _series([1]))
    if x.shift < 0:
        raise _Unknown("an exponential of a pole")
    if x.factor != ONE:
        raise _Unknown("an exponential with a constant")
    series = x.series * _series([0] * x.shift + [1])
    c = series[0]
    factor = ONE if c == 0 else Node("pow", (Node("const", (), "e"), Node("num", (), c)))
    return _Laurent(factor, 0, (series - c).exp())


def _logarithm(x: _Laurent) -> _Laurent:
    if x.factor != ONE or x.shift or x.series[0] != 1:
        raise _Unknown("a logarithm")
    return _normal(ONE, 0, x.series.log())


def _root(x: _Laurent, index: fmpq | None, one_sided: bool) -> _Laurent:
    if index is None or index.q != 1 or not 2 <= index <= 12 or x.factor != ONE:
        raise _Unknown("a root")
    n = int(index.p)
    if x.shift % n or (x.shift // n % 2 and not one_sided and n % 2 == 0):
        raise _Unknown("a branch point")
    c = x.series[0]
    if c < 0:
        raise _Unknown("a root of a negative number")
    series = (((x.series / c).log()) / n).exp()
    root = exact_or_none(Node("root", (Node("num", (), c), num(n))))
    factor = ONE if root is not None else Node("root", (Node("num", (), c), num(n)))
    return _Laurent(factor, x.shift // n, series * (root if root is not None else 1))


def _function(name: str, x: _Laurent, one_sided: bool) -> _Laurent | None:
    if name == "abs":
        if x.factor != ONE or (not one_sided and x.shift % 2):
            raise _Unknown("an absolute value")
        return x if x.series[0] > 0 else x._replace(series=-x.series)
    if name == "log":
        return _logarithm(x)
    if x.factor != ONE or x.shift <= 0:
        if name == "arctan" and x.shift < 0 and one_sided and x.factor == ONE:
            quarter = Node("div", (Node("const", (), "pi"), num(2)))
            return _Laurent(quarter, 0, fmpq_series([1 if x.series[0] > 0 else -1], prec=1))
        raise _Unknown("a function away from zero")
    series = x.series * _series([0] * x.shift + [1])
    method = {"arctan": "atan", "arcsin": "asin"}.get(name, name)
    if method not in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "asin"):
        raise _Unknown(name)
    return _normal(ONE, 0, getattr(series, method)())
