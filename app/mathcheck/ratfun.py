"""Rational functions over opaque atoms: an identity here is a proof."""

from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx, fmpq_poly

from app.mathcheck.ast import Node, size, symbols
from app.mathcheck.exact import SMALL, exact
from app.mathcheck.limits import MAX_BITS, MAX_POLY_EXPONENT, MAX_POLY_TERMS, TooComplex
from app.mathcheck.work import polynomial, rational, spend

_SIN_LIKE = {"sin": (1, 0), "cos": (0, 0), "tan": (1, 1), "sec": (0, 1), "csc": (-1, 0), "cot": (-1, -1)}
_INTERNED = frozenset(["root", "fn", "app", "pow", "fact"])
"""Atoms that are compared by what they are applied to."""
MAX_ROOT = 12
MAX_NESTED = 4
"""Functions within functions whose arguments are compared: sine and cosine of each double the work."""
MAX_ATOMS = 24
"""Generators of one comparison."""

HASHED = 2
"""Steps for each node of an atom that is looked up: numbers are hashed slowly, and an atom once in each table."""


class Fraction(tuple[Any, Any]):
    """Numerator and denominator."""


class RationalFunctions:
    """Turns trees into fractions of polynomials; equal trees without a rational form share one generator."""

    def __init__(self, *nodes: Node, depth: int = 0) -> None:
        self._depth = depth
        self.atoms: dict[Node, int] = {}
        self._bits = 0
        """Bits of all numbers: no sum has a greater denominator."""
        self._same: dict[Node, Node] = {}
        """Atoms written otherwise than the one that stands for them: √(x + y) and √(y + x)."""
        spend(5)
        for node in nodes:
            self._collect(node)
        names = tuple(f"a{i}" for i in range(len(self.atoms))) or ("a0",)
        self.ctx: Any = fmpq_mpoly_ctx.get(names, Ordering.lex)
        self.gens: Any = self.ctx.gens()

    def _collect(self, node: Node) -> None:
        if exact_or_none(node) is not None:
            return
        if node.op in ("add", "mul", "div", "neg", "pct"):
            for a in node.args:
                self._collect(a)
        elif node.op == "pow" and _exponent(node) is not None:
            self._collect(node.args[0])
        elif node.op == "fn" and node.value in _SIN_LIKE:
            for f in ("sin", "cos"):
                self._atom(node._replace(value=f))
        else:
            self._atom(node)
            if node.op == "root" and node.args[1].op == "num":
                self._collect(node.args[0])

    def _atom(self, node: Node) -> None:
        spend(HASHED * size(node))
        if node in self.atoms or node in self._same:
            return
        if node.op in _INTERNED and node.args:
            level = _level(node)
            for other in self.atoms:
                if (
                    other.op == node.op
                    and other.value == node.value
                    and _level(other) == level
                    and _same_parts(node, other, self._depth)
                ):
                    self._same[node] = other
                    return
        if len(self.atoms) == MAX_ATOMS:
            raise TooComplex("too many variables")
        self.atoms[node] = len(self.atoms)

    def fraction(self, node: Node) -> tuple[Any, Any]:
        one = self.ctx.constant(fmpq(1))
        value = exact_or_none(node)
        if value is not None:
            self._bits += value.height_bits()
            return self.ctx.constant(value), one
        if node.op == "neg":
            p, q = self.fraction(node.args[0])
            return -p, q
        if node.op == "pct":
            p, q = self.fraction(node.args[0])
            return p * fmpq(1, 100), q
        if node.op in ("add", "mul", "div"):
            p, q = self.fraction(node.args[0])
            for other in node.args[1:]:
                r, s = self.fraction(other)
                if node.op == "add":
                    p, q = (self.add(p, r), q) if q == s else (self.add(self.mul(p, s), self.mul(r, q)), self.mul(q, s))
                elif node.op == "mul":
                    p, q = self.mul(p, r), self.mul(q, s)
                else:
                    p, q = self.mul(p, s), self.mul(q, r)
            return p, q
        if node.op == "pow":
            e = _exponent(node)
            if e is not None:
                p, q = self.fraction(node.args[0])
                if e < 0:
                    p, q, e = q, p, -e
                return self.power(p, e), self.power(q, e)
        if node.op == "fn" and node.value in _SIN_LIKE:
            s, c = (self._generator(node._replace(value=f)) for f in ("sin", "cos"))
            return {"sin": (s, one), "cos": (c, one), "tan": (s, c), "sec": (one, c), "csc": (one, s), "cot": (c, s)}[
                node.value
            ]
        return self._generator(node), one

    def _generator(self, atom: Node) -> Any:
        spend(HASHED * size(atom))
        return self.gens[self.atoms[self._same.get(atom, atom)]]

    def mul(self, a: Any, b: Any) -> Any:
        terms = len(a) * len(b)
        if terms > MAX_POLY_TERMS:
            raise TooComplex("polynomial too large")
        bits = _height(a) + _height(b)
        if bits > MAX_BITS:
            raise TooComplex("coefficient too large")
        spend(terms * (1 + rational(bits)))
        return a * b

    def add(self, a: Any, b: Any) -> Any:
        if self._bits > SMALL:
            spend((len(a) + len(b)) * rational(self._bits))
        return a + b

    def power(self, p: Any, e: int) -> Any:
        result = self.ctx.constant(fmpq(1))
        for _ in range(e):
            result = self.mul(result, p)
        return result

    def reduce(self, p: Any) -> Any:
        """Apply sin² = 1 - cos² and root^n = radicand until no power is left to replace."""
        for atom, i in reversed(list(self.atoms.items())):
            if atom.op == "fn" and atom.value == "sin" and atom._replace(value="cos") in self.atoms:
                c = self.gens[self.atoms[atom._replace(value="cos")]]
                p = self._replace(p, i, 2, self.ctx.constant(fmpq(1)) - c * c, self.ctx.constant(fmpq(1)))
            elif atom.op == "const" and atom.value == "i":
                p = self._replace(p, i, 2, self.ctx.constant(fmpq(-1)), self.ctx.constant(fmpq(1)))
            elif atom.op == "root" and atom.args[1].op == "num" and 2 <= atom.args[1].value <= MAX_ROOT:
                r, s = self.fraction(atom.args[0])
                p = self._replace(p, i, int(atom.args[1].value.p), r, s)
        return p

    def _replace(self, p: Any, i: int, n: int, r: Any, s: Any) -> Any:
        terms: dict[tuple[int, ...], Any] = p.to_dict()
        top = max((int(m[i]) // n for m in terms), default=0)
        if not top:
            return p
        total = self.ctx.constant(fmpq(0))
        for m, c in terms.items():
            k = int(m[i]) // n
            rest = list(m)
            rest[i] = int(m[i]) - k * n
            part = self.ctx.from_dict({tuple(rest): c})
            total += self.mul(self.mul(part, self.power(r, k)), self.power(s, top - k))
        return total

    def univariate(self, p: Any, x: Node) -> fmpq_poly:
        """A polynomial in one generator alone."""
        index = self.atoms.get(x, 0)
        terms: dict[tuple[int, ...], Any] = p.to_dict()
        coefficients = [fmpq(0)] * (max((int(m[index]) for m in terms), default=0) + 1)
        for m, c in terms.items():
            coefficients[int(m[index])] = c
        spend(polynomial(len(coefficients), max(c.height_bits() for c in coefficients)))
        return fmpq_poly(coefficients)

    def is_zero(self, p: Any) -> bool:
        return bool(self.reduce(p) == 0)


def _height(p: Any) -> int:
    """Bits of the largest coefficient."""
    return max((c.height_bits() for c in p.coeffs()), default=0)


def _level(node: Node) -> int:
    """How many functions stand within each other: atoms of different levels are not looked at for being the same."""
    inner = max(map(_level, node.args), default=0)
    return inner + 1 if node.op in _INTERNED else inner


def _same_parts(a: Node, b: Node, depth: int) -> bool:
    """Whether two atoms are the same function of the same rational functions."""
    return len(a.args) == len(b.args) and all(identical(x, y, depth + 1) for x, y in zip(a.args, b.args, strict=True))


def identical(a: Node, b: Node, depth: int = 0) -> bool:
    """Whether two nodes are equal as rational functions over opaque atoms, `depth` functions within functions."""
    if a == b:
        return True
    if depth > MAX_NESTED or symbols(a) != symbols(b):
        return False
    if (x := exact_or_none(a)) is not None and (y := exact_or_none(b)) is not None:
        return bool(x == y)
    try:
        functions = RationalFunctions(a, b, depth=depth)
        p, q = functions.fraction(a)
        r, s = functions.fraction(b)
        return q != 0 and s != 0 and functions.is_zero(functions.mul(p, s) - functions.mul(r, q))
    except TooComplex:
        return False


def exact_or_none(node: Node) -> fmpq | None:
    try:
        return exact(node)
    except TooComplex:
        return None


def _exponent(node: Node) -> int | None:
    e = exact_or_none(node.args[1])
    return int(e.p) if e is not None and e.q == 1 and abs(e.p) <= MAX_POLY_EXPONENT else None
