"""Ball arithmetic: a value with a proved error, so that disjoint balls prove a difference."""

import hashlib
import threading
from typing import Any

from flint import acb, arb, ctx, fmpq

from app.mathcheck.ast import TWO, Node, num, size, substitute, symbols
from app.mathcheck.limits import MAX_BITS, MAX_EXPONENT_BITS, MAX_FACTORIAL, MAX_INTEGRAND, MAX_SUM_TERMS, TooComplex
from app.mathcheck.roots import complex_roots
from app.mathcheck.series import NoSum, infinite_sum
from app.mathcheck.work import GAMMA, Exhausted, spend, transcendental

_INF = Node("const", (), "inf")
REAL = ""
"""A key of the environment: even roots and logarithms of negative numbers are outside of the domain."""
ANALYTIC = "analytic"
"""A key of the environment: a ball that touches a branch cut has no value. No variable has a name this long."""
_CHEAP = frozenset(["add", "mul", "div", "neg", "pct", "base", "deg"])
"""Operations that cost about the same at every usual precision."""
_LOCK = threading.RLock()
"""flint's precision is one for the process."""


class OutOfDomain(ArithmeticError):
    """The expression has no value there, or none that a real reading gives."""


def ball(node: Node, env: dict[str, Any], bits: int) -> Any:
    """Complex ball around the value of a scalar with its variables set. Raises OutOfDomain, TooComplex."""
    with _LOCK:
        before: int = ctx.prec
        ctx.prec = bits
        try:
            value = _eval(node, env)
        finally:
            ctx.prec = before
    if not value.is_finite():
        raise OutOfDomain("not finite")
    return value


def _eval(node: Node, env: dict[str, Any]) -> Any:
    op = node.op
    if op == "num":
        return acb(arb(node.value))
    if op == "sym":
        if node.value not in env:
            raise OutOfDomain("no value")
        bound = env[node.value]
        return bound if isinstance(bound, acb) else acb(arb(bound))
    if op == "const":
        if node.value == "pi":
            return acb.pi()
        if node.value == "e":
            return acb(arb(1).exp())
        if node.value == "i":
            return acb(0, 1)
        raise OutOfDomain(node.value)
    if op == "algebraic":
        coefficients, k = node.value
        return complex_roots(coefficients)[k]
    if op in ("sum", "prod"):
        return _series(node, env)
    if op == "int":
        return _integral(node, env)
    if op == "app":
        return _uninterpreted(node, env)
    args = [_eval(a, env) for a in node.args]
    if not args:
        raise OutOfDomain(op)
    x = args[0]
    spend(1 + (ctx.prec >> 10) if op in _CHEAP else transcendental(ctx.prec))
    if op == "add":
        for y in args[1:]:
            x = x + y
        return x
    if op == "mul":
        for y in args[1:]:
            x = x * y
        return x
    if op == "div":
        return x / args[1]
    if op == "neg":
        return -x
    if op == "pct":
        return x / 100
    if op == "base":
        return x
    if op == "deg":
        return x * acb.pi() / 180
    if op == "pow":
        return _power(x, args[1], node.args[1])
    if op == "root":
        if ANALYTIC in env:
            return x.sqrt(analytic=True) if node.args[1] == TWO else x.pow(1 / args[1], analytic=True)
        return _root(x, node.args[1], REAL in env)
    if op == "fact":
        _bounded(x)
        if x.abs_upper() > MAX_FACTORIAL:
            raise TooComplex("factorial too large")
        if node.value == "!!":
            raise OutOfDomain("a double factorial")
        return _gamma(x + 1)
    if op == "fn":
        if node.value == "log" and REAL in env and _real_negative(x):
            raise OutOfDomain("logarithm of a negative number")
        return x.log(analytic=True) if ANALYTIC in env and node.value == "log" else _function(node.value, args)
    raise OutOfDomain(op)


def whole(x: Any) -> Any:
    """The one integer in a ball, or None. Raises TooComplex where it would have too many bits to be written out."""
    if not x.is_finite() or abs(x).upper() > arb(2) ** MAX_BITS:
        raise TooComplex("number too large")
    return x.unique_fmpz()


def _bounded(x: Any) -> None:
    if not x.is_finite() or x.abs_upper() > arb(2) ** MAX_EXPONENT_BITS:
        raise TooComplex("argument too large")


def _real_negative(x: Any) -> bool:
    return bool(x.imag == 0 and x.real < 0)


def _power(x: Any, y: Any, exponent: Node) -> Any:
    _bounded(y)
    if y.imag == 0 and exponent.op in ("div", "num") and _real_negative(x):
        e = exponent.value if exponent.op == "num" else None
        if exponent.op == "div" and exponent.args[0].op == "num" == exponent.args[1].op and exponent.args[1].value != 0:
            e = exponent.args[0].value / exponent.args[1].value
        if e is not None and e.q % 2 == 1 and e.q > 1:
            r = (-x).pow(acb(arb(e)))
            return r if e.p % 2 == 0 else -r
    if x.is_zero() and y.real > 0:
        return acb(0)
    return x.pow(y)


def _root(x: Any, index: Node, real: bool) -> Any:
    if index.op != "num" or index.value.q != 1 or not 2 <= index.value <= 64:
        raise OutOfDomain("root")
    n = int(index.value.p)
    if _real_negative(x) and n % 2:
        return -((-x).root(n))
    if real and _real_negative(x):
        raise OutOfDomain("even root of a negative number")
    return x.sqrt() if n == 2 else x.root(n)


def _function(name: str, args: list[Any]) -> Any:
    x = args[0]
    if name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh"):
        _bounded(x)
        return getattr(x, name)()
    if name == "log":
        if x.contains(0):
            raise OutOfDomain("logarithm of zero")
        return x.log()
    if name in ("arcsin", "arccos", "arctan"):
        return getattr(x, name.replace("arc", "a"))()
    if name == "arccot":
        return acb.pi() / 2 - x.atan()
    if name == "abs":
        return acb(abs(x))
    if name in ("floor", "ceil") and x.imag == 0:
        return acb(x.real.floor() if name == "floor" else x.real.ceil())
    if name == "binom" and len(args) == 2:
        n, k = args
        _bounded(n)
        return _gamma(n + 1) / (_gamma(k + 1) * _gamma(n - k + 1))
    if name in ("max", "min") and all(a.imag == 0 for a in args):
        for y in args[1:]:
            x = x.real_max(y) if name == "max" else x.real_min(y)
        return x
    if name in ("gcd", "lcm", "mod"):
        return _of_integers(name, args)
    if name in ("Re", "Im"):
        return acb(x.real if name == "Re" else x.imag)
    raise OutOfDomain(name)


def _gamma(x: Any) -> Any:
    if not x.real.is_integer():  # of an integer it is a product
        spend(GAMMA * transcendental(ctx.prec))
    return x.gamma()


def _of_integers(name: str, args: list[Any]) -> Any:
    values = [whole(a) for a in args]
    if any(v is None for v in values) or (name == "mod" and values[1] <= 0):
        raise OutOfDomain(name)
    total = values[0]
    for w in values[1:]:
        total = total % w if name == "mod" else total.gcd(w) if name == "gcd" else total.lcm(w)
    return acb(total)


def _series(node: Node, env: dict[str, Any]) -> Any:
    variable, low, high, body = node.args
    if high == _INF and node.op == "sum":
        return _infinite_series(node, env)
    a, b = whole(_eval(low, env)), whole(_eval(high, env))
    if a is None or b is None or variable.op != "sym":
        raise OutOfDomain("bounds")
    if b - a > MAX_SUM_TERMS:
        raise TooComplex("too many terms")
    total = acb(0 if node.op == "sum" else 1)
    steps = size(body)
    for k in range(int(a), int(b) + 1):
        spend(steps)
        v = _eval(substitute(body, variable.value, num(k)), env)
        total = total + v if node.op == "sum" else total * v
    return total


def _infinite_series(node: Node, env: dict[str, Any]) -> Any:
    variable, low, _, body = node.args
    start = whole(_eval(low, env))
    if start is None or variable.op != "sym":
        raise OutOfDomain("bounds")
    for name in symbols(body) - {variable.value}:
        if not isinstance(env.get(name), fmpq):
            raise OutOfDomain("a sum with an unknown")
        body = substitute(body, name, Node("num", (), env[name]))
    try:
        return infinite_sum(variable.value, int(start), body, lambda n: _eval(n, env))
    except (NoSum, ZeroDivisionError) as reason:
        raise OutOfDomain(str(reason)) from None


_ANALYTIC = frozenset(["num", "sym", "const", "add", "mul", "div", "neg", "pow", "fn", "base", "root"])
_ANALYTIC_FUNCTIONS = frozenset(["sin", "cos", "sinh", "cosh", "tan", "log"])


def _analytic(node: Node) -> bool:
    """Whether a tree is meromorphic, branch cuts apart, so that it may be integrated in the complex plane."""
    if node.op not in _ANALYTIC or (node.op == "fn" and node.value not in _ANALYTIC_FUNCTIONS):
        return False
    if node.op == "pow":
        base, e = node.args
        integer = e.op == "num" and e.value.q == 1
        if not integer and not (base.op == "const" and base.value == "e"):
            return False
    return all(_analytic(a) for a in node.args)


def _integral(node: Node, env: dict[str, Any]) -> Any:
    variable, low, high, body = node.args
    if variable.op != "sym" or not _analytic(body):
        raise OutOfDomain("integral")
    name: str = variable.value

    def integrand(z: Any, analytic: bool) -> Any:
        # the integrator says where it needs the function to be analytic on the whole ball
        inner = {**env, name: z, ANALYTIC: z} if analytic else {**env, name: z}
        try:
            return _eval(body, inner)
        except (TooComplex, OutOfDomain, Exhausted):
            return acb(float("nan"))  # the integrator then halves its step

    value = acb.integral(integrand, _eval(low, env), _eval(high, env), eval_limit=MAX_INTEGRAND, depth_limit=40)
    spend(0)  # no exception comes through the integrator
    return value


def _uninterpreted(node: Node, env: dict[str, Any]) -> Any:
    """A fixed pseudo-random value for a function that the answer does not define, the same for equal arguments."""
    spend(transcendental(ctx.prec) * (1 + len(node.args)))
    parts = [str(node.value)]
    for a in node.args:
        try:
            parts.append(_eval(a, env).str(12, radius=False))
        except OutOfDomain:
            parts.append(repr(a))
    digest = hashlib.sha256("|".join(parts).encode()).digest()
    return acb(arb(fmpq(1 + int.from_bytes(digest[:4], "big"), 2**31)))
