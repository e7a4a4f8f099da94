"""A proof that an algebraic constant is zero, from a bound on how small a nonzero one can be.

For an expression of integers, + - * /, k-th roots and roots of unity the separation bound of Burnikel, Funke, Mehlhorn,
Schirra and Schmitt (2001, "A separation bound for real algebraic expressions") holds: write the value as U/L with
algebraic integers U and L of degree at most D whose conjugates are at most u and l. Then the norm of U is a nonzero
integer unless U = 0, so |U/L| ≥ 1 / (u^(D-1) l). A ball smaller than that around zero is a proof.
"""

import math
from typing import NamedTuple

from flint import arb, fmpq

from app.mathcheck.ast import Node
from app.mathcheck.balls import OutOfDomain, ball
from app.mathcheck.exact import exact
from app.mathcheck.limits import MAX_ZERO_BITS, TooComplex, Unparsable

MAX_POWER = 400
"""Exponent of an algebraic number."""
MAX_CYCLOTOMIC = 5_000
"""Order of a root of unity."""
_TRIG = {"sin": (1, 1), "cos": (1, 1), "tan": (1, 1), "cot": (1, 1), "sec": (1, 1), "csc": (1, 1)}


class _Bound(NamedTuple):
    """log2 of u and of l."""

    u: float
    l: float  # noqa: E741  the letter of the paper


class _NotAlgebraic(Exception):
    pass


class _Expression:
    """Collects the degrees of what is adjoined while the bounds are computed."""

    def __init__(self) -> None:
        self.roots: dict[Node, int] = {}
        self.order = 1
        """The common order of the roots of unity."""

    def degree(self) -> float:
        d = float(_totient(self.order))
        for k in self.roots.values():
            d *= k
        return d

    def bound(self, node: Node) -> _Bound:
        try:
            value = exact(node)
        except (TooComplex, Unparsable):
            raise _NotAlgebraic from None
        if value is not None:
            return _Bound(_log2(abs(int(value.p))), _log2(int(value.q)))
        op = node.op
        if op in ("add", "mul"):
            total = self.bound(node.args[0])
            for a in node.args[1:]:
                b = self.bound(a)
                total = _plus(total, b) if op == "add" else _Bound(total.u + b.u, total.l + b.l)
            return total
        if op == "div":
            a, b = self.bound(node.args[0]), self.bound(node.args[1])
            return _Bound(a.u + b.l, a.l + b.u)
        if op in ("neg", "base"):
            return self.bound(node.args[0])
        if op == "fn" and node.value == "abs":
            return self._absolute(node)
        if op == "pct":
            a = self.bound(node.args[0])
            return _Bound(a.u, a.l + _log2(100))
        if op == "root":
            return self._root(node, exact(node.args[1]))
        if op == "pow":
            return self._power(node)
        if op == "const" and node.value == "i":
            self._unity(4)
            return _Bound(0, 0)
        if op == "algebraic":
            return self._polynomial(node)
        if op == "fn" and node.value in _TRIG:
            return self._trig(node)
        raise _NotAlgebraic

    def _absolute(self, node: Node) -> _Bound:
        """|x| of a real x is x or -x; of a complex one it is a root of something else."""
        try:
            if ball(node.args[0], {}, 64).imag != 0:
                raise _NotAlgebraic
        except (OutOfDomain, TooComplex, ZeroDivisionError):
            raise _NotAlgebraic from None
        return self.bound(node.args[0])

    def _root(self, node: Node, index: fmpq | None) -> _Bound:
        if index is None or index.q != 1 or not 2 <= index <= 64:
            raise _NotAlgebraic
        k = int(index.p)
        a = self.bound(node.args[0])
        self.roots[node] = k
        if a.u >= a.l:
            return _Bound((a.u + (k - 1) * a.l) / k, a.l)
        return _Bound(a.u, ((k - 1) * a.u + a.l) / k)

    def _power(self, node: Node) -> _Bound:
        base, exponent = node.args
        if base == Node("const", (), "e"):
            return self._exponential(exponent)
        e = exact(exponent)
        if e is None or abs(e.p) > MAX_POWER or e.q > 64:
            raise _NotAlgebraic
        a = self.bound(base) if e.q == 1 else self._root(Node("root", (base, Node("num", (), fmpq(e.q)))), fmpq(e.q))
        n = abs(int(e.p))
        return _Bound(a.u * n, a.l * n) if e > 0 else _Bound(a.l * n, a.u * n)

    def _exponential(self, exponent: Node) -> _Bound:
        """e^(iπr) is a root of unity."""
        parts = _linear(exponent)
        if parts is None or parts[0] != 0 or parts[1] != 0:
            raise _NotAlgebraic
        self._unity(2 * int(parts[2].q))
        return _Bound(0, 0)

    def _trig(self, node: Node) -> _Bound:
        turn = pi_multiple(node.args[0])
        if turn is None:
            raise _NotAlgebraic
        self._unity(math.lcm(4, 2 * int(turn.q)))
        # ζ ± 1/ζ has conjugates of at most 2; sine and cosine are half of it, the others quotients of two such
        return _Bound(1, 1) if node.value in ("sin", "cos") else _Bound(2, 2)

    def _unity(self, order: int) -> None:
        self.order = math.lcm(self.order, order)
        if self.order > MAX_CYCLOTOMIC:
            raise _NotAlgebraic

    def _polynomial(self, node: Node) -> _Bound:
        coefficients: tuple[int, ...] = node.value[0]
        lead = abs(coefficients[-1])
        self.roots[Node("algebraic", (), coefficients)] = len(coefficients) - 1
        # the leading coefficient times a root is an algebraic integer; Cauchy bounds the roots
        return _Bound(_log2(lead + max(abs(c) for c in coefficients)), _log2(lead))


def _plus(a: _Bound, b: _Bound) -> _Bound:
    return _Bound(max(a.u + b.l, b.u + a.l) + 1, a.l + b.l)


def _log2(n: int) -> float:
    return float(max(n, 1).bit_length())


def _totient(n: int) -> int:
    result, p = n, 2
    while p * p <= n:
        if n % p == 0:
            while n % p == 0:
                n //= p
            result -= result // p
        p += 1
    return result - result // n if n > 1 else result


def pi_multiple(node: Node) -> fmpq | None:
    """r of a node that is r·π, degrees included; None for all else."""
    parts = _linear(node)
    return None if parts is None or parts[0] != 0 or parts[2] != 0 else parts[1]


def _linear(node: Node) -> tuple[fmpq, fmpq, fmpq] | None:
    """a, b and c of a + bπ + ciπ; products that leave that shape are None."""
    zero = fmpq(0)
    try:
        value = exact(node)
    except (TooComplex, Unparsable):
        return None
    if value is not None:
        return value, zero, zero
    if node == Node("const", (), "pi"):
        return zero, fmpq(1), zero
    if node.op == "deg":
        inner = _linear(node.args[0])
        return None if inner is None or inner[1:] != (0, 0) else (zero, inner[0] / 180, zero)
    if node.op == "neg":
        inner = _linear(node.args[0])
        return None if inner is None else (-inner[0], -inner[1], -inner[2])
    if node.op == "add":
        parts = [_linear(a) for a in node.args]
        if any(p is None for p in parts):
            return None
        found = [p for p in parts if p is not None]
        return sum((p[0] for p in found), zero), sum((p[1] for p in found), zero), sum((p[2] for p in found), zero)
    return _scaled(node) if node.op in ("mul", "div") else None


def _scaled(node: Node) -> tuple[fmpq, fmpq, fmpq] | None:
    zero = fmpq(0)
    factor, turns, units = fmpq(1), 0, 0
    for k, a in enumerate(node.args):
        down = node.op == "div" and k
        if a == Node("const", (), "i") and not down:
            units += 1
            continue
        part = _linear(a)
        if part is None:
            return None
        if part[1] == part[2] == 0:
            if down and part[0] == 0:
                return None
            factor = factor / part[0] if down else factor * part[0]
        elif part[0] == 0 and not down and (part[1] == 0) != (part[2] == 0):
            turns += 1
            units += int(part[1] == 0)
            factor *= part[1] + part[2]
        else:
            return None
    if turns != 1:
        return None
    if units % 4 >= 2:
        factor = -factor
    return (zero, zero, factor) if units % 2 else (zero, factor, zero)


def is_zero(node: Node) -> bool | None:
    """Whether a constant is zero, proved; None if it is not algebraic or the proof would be too long."""
    expression = _Expression()
    try:
        bound = expression.bound(node)
    except _NotAlgebraic:
        return None
    bits = (expression.degree() - 1) * bound.u + bound.l + 2
    if bits > MAX_ZERO_BITS:
        return None
    smallest = arb(2) ** -int(bits + 1)
    try:
        for precision in (int(bits) + 64, 2 * int(bits) + 512):
            value = ball(node, {}, precision)
            if not value.contains(0):
                return False
            if value.abs_upper() < smallest:
                return True
    except (OutOfDomain, TooComplex, ZeroDivisionError):
        return None
    return None
