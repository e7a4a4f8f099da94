"""Products of powers of rationals by their prime factors: decides powers that are too large to be computed."""

from flint import fmpq, fmpz

from app.mathcheck.ast import Node
from app.mathcheck.ratfun import exact_or_none

MAX_BITS = 64
"""Size of a base that is factored."""
Factors = dict[int, fmpq]


def prime_powers(node: Node) -> Factors | None:
    """Primes with rational exponents, no exponent zero; None if the node is no such product or not positive.

    By unique factorisation two products are equal exactly if these are.
    """
    found = _collect(node)
    return None if found is None else {p: e for p, e in found.items() if e != 0}


def _collect(node: Node) -> Factors | None:
    if node.op in ("num", "base"):
        value = exact_or_none(node)
        return None if value is None else _of(value)
    if node.op in ("mul", "div"):
        total: Factors = {}
        for k, a in enumerate(node.args):
            part = _collect(a)
            if part is None:
                return None
            sign = -1 if k and node.op == "div" else 1
            for p, e in part.items():
                total[p] = total.get(p, fmpq(0)) + e * sign
        return total
    if node.op in ("pow", "root"):
        e = exact_or_none(node.args[1])
        part = _collect(node.args[0])
        if e is None or part is None or e == 0:
            return None
        return {p: k * e if node.op == "pow" else k / e for p, k in part.items()}
    return None


def _of(value: fmpq) -> Factors | None:
    if value <= 0 or max(value.p, value.q).bit_length() > MAX_BITS:
        return None
    found: Factors = {int(p): fmpq(k) for p, k in fmpz(value.p).factor()}
    for p, k in fmpz(value.q).factor():
        found[int(p)] = fmpq(-k)
    return found
