"""Exact rational values of constant expressions, bounded in bits."""

from flint import fmpq, fmpz

from app.mathcheck.ast import Node, num, size, substitute
from app.mathcheck.limits import MAX_BITS, MAX_FACTORIAL, MAX_SUM_TERMS, TooComplex, Unparsable
from app.mathcheck.work import rational, spend

SMALL = 1_000
"""Bits of a rational whose arithmetic costs no more than its node."""


def exact(node: Node) -> fmpq | None:
    """The rational that a node is, or None if it is none or this rung can't tell.

    Raises TooComplex where the value would need more than MAX_BITS, Unparsable for a division by zero.
    """
    op = node.op
    if op in ("num",):
        return node.value
    if op == "base":
        return node.args[0].value
    if op in ("sum", "prod"):
        return _series(node)
    if op not in ("add", "mul", "div", "neg", "pow", "root", "fact", "pct", "fn"):
        return None
    spend(1)
    values: list[fmpq] = []
    for a in node.args:
        v = exact(a)
        if v is None:
            return None
        values.append(v)
    x = values[0]
    if op == "neg":
        return -x
    if op == "pct":
        return x / 100
    if op == "fact":
        return _factorial(x) if node.value != "!!" else _double_factorial(x)
    if op == "fn":
        return _function(node.value, values)
    if op == "root":
        return _root(x, values[1])
    if op == "pow":
        return power(x, values[1])
    for y in values[1:]:
        if op == "add":
            x = x + y
        elif op == "mul":
            x = x * y
        else:
            if y == 0:
                raise Unparsable("division by zero")
            x = x / y
        bits = x.height_bits()
        if bits > MAX_BITS:
            raise TooComplex("number too large")
        if bits > SMALL:
            spend(rational(bits))
    return x


def power(x: fmpq, e: fmpq) -> fmpq | None:
    if e.q != 1:
        r = _root(x, fmpq(e.q))
        return None if r is None else power(r, fmpq(e.p))
    if x == 0 and e <= 0:
        raise Unparsable("zero to a power that is not positive")
    if x in (0, 1):
        return x
    if x == -1:
        return fmpq(1 if e.p % 2 == 0 else -1)
    if abs(e.p) * (x.height_bits() or 1) > MAX_BITS:
        raise TooComplex("power too large")
    spend(abs(int(e.p)) * x.height_bits() // 2_000)
    return x ** int(e.p)


def _root(x: fmpq, n: fmpq) -> fmpq | None:
    if n.q != 1 or not 2 <= n <= 64:
        return None
    k = int(n.p)
    spend(x.height_bits() // 500)
    if x < 0 and k % 2 == 0:
        return None
    p, q = abs(x.p), x.q
    rp, rq = _iroot(p, k), _iroot(q, k)
    if rp**k != p or rq**k != q:
        return None
    return fmpq(rp if x >= 0 else -rp, rq)


def _iroot(n: fmpz, k: int) -> fmpz:
    return n.root(k) if n > 1 else n


def _factorial(x: fmpq) -> fmpq | None:
    if x.q != 1 or x < 0:
        return None
    if x > MAX_FACTORIAL:
        raise TooComplex("factorial too large")
    spend(int(x) // 50)
    return fmpq(fmpz.fac_ui(int(x.p)))  # pyright: ignore


def _double_factorial(x: fmpq) -> fmpq | None:
    if x.q != 1 or x < 0:
        return None
    if x > MAX_FACTORIAL:
        raise TooComplex("factorial too large")
    n = int(x.p)
    half = n // 2
    if n % 2 == 0:
        return fmpq(2) ** half * fmpq(fmpz.fac_ui(half))  # pyright: ignore
    return fmpq(fmpz.fac_ui(n)) / (fmpq(2) ** half * fmpq(fmpz.fac_ui(half)))  # pyright: ignore


def _function(name: str, values: list[fmpq]) -> fmpq | None:
    x = values[0]
    spend(sum(rational(v.height_bits()) for v in values))
    if name == "abs":
        return abs(x)
    if name in ("floor", "ceil"):
        return fmpq(x.floor() if name == "floor" else x.ceil())
    if name in ("max", "min"):
        return max(values) if name == "max" else min(values)
    if name in ("gcd", "lcm") and all(v.q == 1 for v in values):
        total = values[0].p
        for v in values[1:]:
            total = total.gcd(v.p) if name == "gcd" else total.lcm(v.p)
        return fmpq(abs(total))
    if name == "binom" and len(values) == 2:
        n, k = values
        if n.q != 1 or k.q != 1 or n < 0:
            return None
        if k < 0 or k > n:
            return fmpq(0)
        if n > MAX_FACTORIAL:
            raise TooComplex("binomial too large")
        spend(int(n) // 50)
        return fmpq(fmpz.bin_uiui(int(n.p), int(k.p)))
    if name == "mod" and all(v.q == 1 for v in values) and values[1] > 0:
        return fmpq(values[0].p % values[1].p)
    if name == "sgn":
        return fmpq((x > 0) - (x < 0))
    if name == "log" and x == 1:
        return fmpq(0)
    if name in ("sin", "tan", "sinh", "tanh", "arcsin", "arctan") and x == 0:
        return fmpq(0)
    if name in ("cos", "cosh", "sec") and x == 0:
        return fmpq(1)
    return None


def _series(node: Node) -> fmpq | None:
    variable, low, high, body = node.args
    a, b = exact(low), exact(high)
    if a is None or b is None or a.q != 1 or b.q != 1 or variable.op != "sym":
        return None
    if b - a > MAX_SUM_TERMS:
        raise TooComplex("too many terms in a sum")
    total = fmpq(0 if node.op == "sum" else 1)
    steps = size(body)
    for k in range(int(a.p), int(b.p) + 1):
        spend(steps)
        v = exact(substitute(body, variable.value, num(k)))
        if v is None:
            return None
        total = total + v if node.op == "sum" else total * v
        bits = total.height_bits()
        if bits > MAX_BITS:
            raise TooComplex("number too large")
        spend(1 + rational(bits))
    return total
