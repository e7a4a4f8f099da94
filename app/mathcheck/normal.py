"""Normal forms that make more identities visible to rational functions.

Logarithms of rationals become sums over primes; powers with letters in the exponent become integer powers of shared
atoms b^(m/D); sines and cosines of expressions with letters become exponentials; factorials are shifted to one base.
Each step is an identity where both sides have a value.
"""

import math
from typing import NamedTuple

from flint import fmpq, fmpz

from app.mathcheck.algebraic import is_zero, pi_multiple
from app.mathcheck.ast import ONE, TWO, Node, is_larger, num, size, symbols
from app.mathcheck.balls import OutOfDomain, ball, whole
from app.mathcheck.limits import TooComplex, Unparsable
from app.mathcheck.ratfun import exact_or_none
from app.mathcheck.work import spend

I = Node("const", (), "i")  # noqa: E741  the letter of mathematics
E = Node("const", (), "e")
PI = Node("const", (), "pi")
MAX_FACTORED_BITS = 64
"""Size of an integer that is factored: microseconds."""
MAX_TERMS = 24
"""Terms of one exponent."""
MAX_DENOMINATOR = 60
MAX_SHIFT = 24
"""Steps by which a factorial is shifted, and largest k of a binomial that is multiplied out."""
MAX_NODES = 150
"""Size of a function's argument in normal form: a sine doubles it, so that sines of sines would grow without bound."""
_TRIG = frozenset(["sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh"])
_ARC = {"arctan": "tan", "arcsin": "sin", "arccos": "cos"}
_REAL_FUNCTIONS = frozenset(["arctan", "abs", "max", "min", "floor", "ceil", "binom"])
_SYMMETRIC = frozenset(["max", "min", "gcd", "lcm"])
_SEEN = _TRIG | _SYMMETRIC | frozenset([*_ARC, "log", "abs", "binom", "floor", "ceil"])


class _Term(NamedTuple):
    """A rational multiple of a monomial."""

    factor: fmpq
    monomial: Node


def normal_pair(a: Node, b: Node) -> tuple[Node, Node] | None:
    """Both nodes over shared atoms, or None where there is nothing to bring to a normal form."""
    if not _concerns(a) and not _concerns(b):
        return None
    try:
        x, y = _normal(a), _normal(b)
        denominators: dict[tuple[Node, Node], int] = {}
        for n in (x, y):
            _denominators(n, denominators)
        return _shared(x, denominators), _shared(y, denominators)
    except (TooComplex, Unparsable, OutOfDomain, ZeroDivisionError):
        return None


def _concerns(node: Node) -> bool:
    if node.op in ("deg", "root", "fact") or (node.op == "fn" and node.value in _SEEN):
        return True
    if node.op == "pow" and (exact_or_none(node.args[1]) is None or node.args[0] == I):
        return True
    return any(_concerns(a) for a in node.args)


def _product(factors: list[Node]) -> Node:
    return ONE if not factors else factors[0] if len(factors) == 1 else Node("mul", tuple(factors))


def _sum(terms: list[Node]) -> Node:
    return num(0) if not terms else terms[0] if len(terms) == 1 else Node("add", tuple(terms))


def _times(q: fmpq, node: Node) -> Node:
    return node if q == 1 else Node("mul", (Node("num", (), q), node))


def _normal(node: Node) -> Node:
    if not node.args or node.op in ("sum", "prod", "int", "lim", "cases"):
        return node
    node = node._replace(args=tuple(_normal(a) for a in node.args))
    if node.op == "deg":
        return Node("mul", (node.args[0], Node("div", (PI, num(180)))))
    if node.op in ("fn", "pow") and is_larger(node, MAX_NODES):
        raise TooComplex("functions within functions")
    if node.op == "fn":
        return _function(node)
    if node.op == "pow":
        return _power(*node.args)
    if node.op == "root":
        return _root(node)
    if node.op == "fact" and node.value is None:
        return _factorial(node)
    return node


def _function(node: Node) -> Node:
    name, x = str(node.value), node.args[0]
    if name == "log":
        return _sum([_times(q, m) for q, m in _logarithm(x)]) if not symbols(x) else node
    if name in _TRIG and symbols(x):
        return _exponentials(name, x)
    if name in ("sin", "cos") and (turn := pi_multiple(x)) is not None:
        return _rational_angle(node, turn if name == "cos" else turn - fmpq(1, 2))
    if name in _ARC and not symbols(x):
        return _angle(node, _ARC[name])
    if name == "abs":
        return _absolute(node)
    if name == "binom":
        return _binomial(node)
    if name in _SYMMETRIC:
        return node._replace(args=tuple(sorted(node.args, key=repr)))
    if name in ("floor", "ceil") and not symbols(x):
        value = ball(_plain(x), {}, 128).real
        n = whole(value.floor() if name == "floor" else value.ceil())
        return node if n is None else num(n)
    return node


# Powers are written as pow(base, monomial, q) with op "xpow" until the denominators of all are known.


def _xpow(base: Node, monomial: Node, q: fmpq) -> Node:
    return Node("xpow", (base, monomial), q)


def _power(base: Node, exponent: Node) -> Node:
    e = exact_or_none(exponent)
    if e is not None and e.q == 1:
        if base == I:
            return (ONE, I, num(-1), Node("neg", (I,)))[int(e.p) % 4]
        return Node("pow", (base, exponent))
    terms = _terms(exponent)
    if base == E:
        return _product([_natural(t) for t in terms])
    parts: list[Node] = []
    for t in terms:
        if t.monomial == ONE and t.factor.q == 1:
            parts.append(Node("pow", (base, Node("num", (), t.factor))))
        else:
            parts += [_xpow(p, t.monomial, t.factor * k) for p, k in _factored(base)]
    return _product(parts)


def _natural(t: _Term) -> Node:
    """e^(q m), where a logarithm in the exponent becomes the base."""
    factors = list(t.monomial.args) if t.monomial.op == "mul" else [t.monomial]
    for k, f in enumerate(factors):
        if f.op == "fn" and f.value == "log":
            return _xpow(f.args[0], _product(factors[:k] + factors[k + 1 :]), t.factor)
    return _xpow(E, t.monomial, t.factor)


def _factored(base: Node) -> list[tuple[Node, int]]:
    """Primes of a positive rational with their exponents; the base itself if it is none."""
    value = exact_or_none(base)
    if value is None or value <= 0 or max(value.p, value.q).bit_length() > MAX_FACTORED_BITS:
        return [(base, 1)]
    found = [(num(p), int(k)) for p, k in fmpz(value.p).factor()]
    return found + [(num(p), -int(k)) for p, k in fmpz(value.q).factor()]


def _root(node: Node) -> Node:
    x, index = node.args
    k = exact_or_none(index)
    value = exact_or_none(x)
    if k is None or k.q != 1 or not 2 <= k <= MAX_DENOMINATOR:
        return node
    if value is not None and value < 0 and k == 2:
        return Node("mul", (I, _root(Node("root", (Node("num", (), -value), index)))))
    if value is None or value <= 0:
        return node
    return _product([_xpow(p, ONE, fmpq(e) / k) for p, e in _factored(x)])


def _terms(node: Node) -> list[_Term]:
    """A sum as rational multiples of monomials; like terms are not collected."""
    value = exact_or_none(node)
    if value is not None:
        return [_Term(value, ONE)] if value != 0 else []
    if node.op == "add":
        found = [t for a in node.args for t in _terms(a)]
    elif node.op == "neg":
        found = [_Term(-t.factor, t.monomial) for t in _terms(node.args[0])]
    elif node.op == "mul":
        found = [_Term(fmpq(1), ONE)]
        for a in node.args:
            found = [_meet(t, u) for t in found for u in _terms(a)]
            if len(found) > MAX_TERMS:
                raise TooComplex("a long exponent")
    elif node.op == "div" and (d := exact_or_none(node.args[1])) is not None and d != 0:
        found = [_Term(t.factor / d, t.monomial) for t in _terms(node.args[0])]
    else:
        found = [_Term(fmpq(1), node)]
    return _collected(found)


def _meet(t: _Term, u: _Term) -> _Term:
    factors: list[Node] = []
    for m in (t.monomial, u.monomial):
        factors += [] if m == ONE else m.args if m.op == "mul" else [m]
    q = t.factor * u.factor
    if factors.count(I) == 2:
        factors = [f for f in factors if f != I]
        q = -q
    return _Term(q, _product(sorted(factors, key=repr)))


def _collected(terms: list[_Term]) -> list[_Term]:
    total: dict[Node, fmpq] = {}
    for t in terms:
        spend(2 * size(t.monomial))
        total[t.monomial] = total.get(t.monomial, fmpq(0)) + t.factor
    return [_Term(q, m) for m, q in total.items() if q != 0]


def _logarithm(x: Node) -> list[_Term]:
    """log of a positive constant as multiples of logarithms of primes, of e, and of what can't be split."""
    if x == E:
        return [_Term(fmpq(1), ONE)]
    value = exact_or_none(x)
    if value is not None and value > 0:
        return [_Term(fmpq(k), Node("fn", (p,), "log")) for p, k in _factored(x)] if value != 1 else []
    if x.op == "xpow" and x.args[1] == ONE and _positive(x.args[0]):
        return [_Term(t.factor * x.value, t.monomial) for t in _logarithm(x.args[0])]
    if x.op == "root" and _positive(x.args[0]) and (k := exact_or_none(x.args[1])) is not None:
        return [_Term(t.factor / k, t.monomial) for t in _logarithm(x.args[0])]
    if x.op == "pow" and _positive(x.args[0]) and (e := exact_or_none(x.args[1])) is not None:
        return [_Term(t.factor * e, t.monomial) for t in _logarithm(x.args[0])]
    if x.op in ("mul", "div") and all(_positive(a) for a in x.args):
        found = _logarithm(x.args[0])
        for a in x.args[1:]:
            found += [t if x.op == "mul" else _Term(-t.factor, t.monomial) for t in _logarithm(a)]
        return _collected(found)
    return [_Term(fmpq(1), Node("fn", (x,), "log"))]


def _positive(x: Node) -> bool:
    value = ball(_plain(x), {}, 64)
    return bool(value.imag == 0 and value.real > 0)


def _real(x: Node) -> bool:
    return bool(ball(_plain(x), {}, 64).imag == 0)


def _plain(node: Node) -> Node:
    """The tree with unfinished powers as ordinary ones."""
    args = tuple(_plain(a) for a in node.args)
    if node.op == "xpow":
        return Node("pow", (args[0], Node("mul", (Node("num", (), node.value), args[1]))))
    return node._replace(args=args) if args else node


def _exponentials(name: str, x: Node) -> Node:
    hyperbolic = name.endswith("h")
    unit = ONE if hyperbolic else I
    up = _power(E, Node("mul", (unit, x)))
    down = _power(E, Node("neg", (Node("mul", (unit, x)),)))
    gap, total = Node("add", (up, Node("neg", (down,)))), Node("add", (up, down))
    sine = Node("div", (gap, Node("mul", (TWO, unit))))
    cosine = Node("div", (total, TWO))
    stem = name.removesuffix("h")
    if stem == "sin":
        return sine
    if stem == "cos":
        return cosine
    top, bottom = {"tan": (sine, cosine), "cot": (cosine, sine), "sec": (ONE, cosine), "csc": (ONE, sine)}[stem]
    return Node("div", (top, bottom))


def _rational_angle(node: Node, turn: fmpq) -> Node:
    """cos(πr) where it is rational: by Niven's theorem 0, ±1/2 and ±1 are all that there are."""
    turn = abs(turn - 2 * ((turn + 1) / 2).floor())  # to [0, 1] by period and symmetry
    values = {fmpq(0): fmpq(1), fmpq(1, 3): fmpq(1, 2), fmpq(1, 2): fmpq(0), fmpq(2, 3): fmpq(-1, 2), fmpq(1): fmpq(-1)}
    return Node("num", (), values[turn]) if turn in values else node


def _angle(node: Node, function: str) -> Node:
    """An inverse function of a constant that is a rational multiple of π, proved through the function itself."""
    turn = (ball(_plain(node), {}, 96) / ball(PI, {}, 96)).real
    for d in range(1, MAX_DENOMINATOR + 1):
        n = (turn * d + fmpq(1, 2)).floor().unique_fmpz()
        if n is None or abs(turn * d - n).abs_upper() > fmpq(1, 10**12):
            continue
        angle = Node("mul", (Node("num", (), fmpq(n, d)), PI))
        gap = Node("add", (Node("fn", (angle,), function), Node("neg", (_plain(node.args[0]),))))
        return angle if is_zero(gap) else node
    return node


def _absolute(node: Node) -> Node:
    x = node.args[0]
    if symbols(x):
        return Node("root", (Node("mul", (x, x)), TWO)) if _is_real(x) else node
    value = ball(_plain(x), {}, 64)
    if value.imag == 0:
        return x if value.real > 0 else Node("neg", (x,)) if value.real < 0 else node
    parts = _terms(x)
    if any(not _real(f) for t in parts for f in (t.monomial.args or (t.monomial,)) if f != I):
        return node
    real = _sum([_times(t.factor, t.monomial) for t in parts if I not in (t.monomial, *t.monomial.args)])
    imaginary = _sum(
        [
            _times(t.factor, _product([f for f in (t.monomial.args or (t.monomial,)) if f != I]))
            for t in parts
            if I in (t.monomial, *t.monomial.args)
        ]
    )
    return _root(Node("root", (Node("add", (Node("mul", (real, real)), Node("mul", (imaginary, imaginary)))), TWO)))


def _is_real(x: Node) -> bool:
    """Whether a formula is real for real letters by its form alone."""
    if x.op in ("root", "xpow") or x == I or (x.op == "pow" and exact_or_none(x.args[1]) is None):
        return False
    return (x.op != "fn" or x.value in _REAL_FUNCTIONS) and all(_is_real(a) for a in x.args)


def _binomial(node: Node) -> Node:
    n, k = node.args
    value = exact_or_none(k)
    if value is None or value.q != 1 or not 0 <= value <= MAX_SHIFT or exact_or_none(n) is not None:
        return node
    top = _product([Node("add", (n, num(-j))) for j in range(int(value))])
    return Node("div", (top, num(fmpz.fac_ui(int(value)))))  # pyright: ignore


def _factorial(node: Node) -> Node:
    """(n + c)! as n! times or divided by the steps between."""
    terms = _terms(node.args[0])
    shift = next((t.factor for t in terms if t.monomial == ONE), fmpq(0))
    rest = [t for t in terms if t.monomial != ONE]
    if not rest or shift.q != 1 or abs(shift) > MAX_SHIFT:
        return node
    n = _sum([_times(t.factor, t.monomial) for t in rest])
    base = Node("fact", (n,))
    c = int(shift)
    if c >= 0:
        return _product([base, *(Node("add", (n, num(j))) for j in range(1, c + 1))])
    return Node("div", (base, _product([Node("add", (n, num(-j))) for j in range(-c)])))


def _denominators(node: Node, found: dict[tuple[Node, Node], int]) -> None:
    if node.op == "xpow":
        key = (node.args[0], node.args[1])
        spend(3 * size(node))  # hashed at every level of a tower
        found[key] = math.lcm(found.get(key, 1), int(node.value.q))
        if found[key] > MAX_DENOMINATOR:
            raise TooComplex("powers with many denominators")
    for a in node.args:
        _denominators(a, found)


def _shared(node: Node, denominators: dict[tuple[Node, Node], int]) -> Node:
    """Unfinished powers as integer powers of one atom for each base and monomial."""
    args = tuple(_shared(a, denominators) for a in node.args)
    if node.op != "xpow":
        return node._replace(args=args) if args else node
    d = denominators[(node.args[0], node.args[1])]
    base, monomial = args
    if monomial == ONE and base != E:
        atom = base if d == 1 else Node("root", (base, num(d)))
    else:
        atom = Node("pow", (base, monomial if d == 1 else Node("div", (monomial, num(d)))))
    return Node("pow", (atom, num(node.value * d)))
