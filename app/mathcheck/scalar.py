"""The ladder for two scalars: rational, rational function, balls, algebraic zero test, points."""

# ruff: noqa: E501  (word tables)

from collections.abc import Callable
from typing import Any

from flint import arb, fmpq

from app.mathcheck.algebraic import is_zero
from app.mathcheck.ast import Node, num, operations, symbols
from app.mathcheck.balls import REAL, OutOfDomain, ball, whole
from app.mathcheck.exact import exact
from app.mathcheck.factors import prime_powers
from app.mathcheck.limits import TooComplex, Unparsable
from app.mathcheck.normal import normal_pair
from app.mathcheck.outcome import Outcome, Undecided, different, equal, undecided
from app.mathcheck.policy import Policy
from app.mathcheck.ratfun import RationalFunctions, exact_or_none
from app.mathcheck.reals import INF, is_infinite

POINTS = [fmpq(p, q) for p, q in ((17, 7), (5, 13), (-19, 11), (31, 3), (41, 17), (-7, 23), (3, 29), (97, 19), (-53, 9), (11, 31), (2, 3), (29, 37))]  # fmt: skip
MIN_POINTS = 4
MAX_AGREED = 8
BITS = 160
CONSTANT_BITS = 400
"""Constants are compared to more than 100 digits before their agreement counts as evidence."""
ORDER_BITS = (96, 1_000)
_SERIES = frozenset(["sum", "prod", "int"])
"""Operations whose values take milliseconds: fewer points are tried."""
MIN_DIGITS = 20
"""Fewer digits of agreement at a point are no evidence."""
MAX_COEFFICIENTS = 40
"""Coefficients that are each proved to be zero in one comparison."""

Where = Callable[[fmpq], bool]
"""Whether a point is in the region that a comparison is about."""


def compare_scalars(a: Node, b: Node, policy: Policy) -> Outcome:
    """Whether two scalars are the same number or function. Raises TooComplex, Unparsable."""
    if a == b:
        return equal("the same expression")
    try:
        x, y = exact(a), exact(b)
    except TooComplex:
        return _by_factors(a, b)
    if x is not None and y is not None:
        if x == y:
            return equal("equal rational numbers")
        if _tolerated(x, y, policy):
            return Outcome(True, "numeric(1 points, tolerance)", "equal within the policy's tolerance")
        return different("different rational numbers")
    if has_infinity(a) or has_infinity(b):
        return _infinite(a, b)
    if has_cases(a) or has_cases(b):
        return undecided("a function by cases inside a formula")
    found = _as_rational_functions(a, b)
    if found is None and (pair := normal_pair(a, b)) is not None:
        found = _as_rational_functions(*pair)
        found = found if found is not None and found.equal else None
    return found or by_points(a, b, policy)


def _by_factors(a: Node, b: Node) -> Outcome:
    """Powers too large to be computed: products of powers by their primes, all else by disjoint balls alone.

    Raises TooComplex where neither decides: overlapping balls of huge numbers are no evidence of anything.
    """
    p, q = prime_powers(a), prime_powers(b)
    if p is not None and q is not None:
        return equal("the same prime factors") if p == q else different("different prime factors")
    if not symbols(a) | symbols(b):
        try:
            if not ball(a, {}, BITS).overlaps(ball(b, {}, BITS)):
                return Outcome(False, "ball", "proved different")
        except (OutOfDomain, ZeroDivisionError):
            pass
    raise TooComplex("number too large")


def has_infinity(node: Node) -> bool:
    return node == INF or (node.op not in ("sum", "prod", "int", "lim") and any(has_infinity(a) for a in node.args))


def has_cases(node: Node) -> bool:
    return node.op in ("cases", "lim") or any(has_cases(a) for a in node.args)


def _infinite(a: Node, b: Node) -> Outcome:
    if is_infinite(a) != is_infinite(b):
        other = b if is_infinite(a) else a
        return undecided("arithmetic with infinity") if has_infinity(other) else different("one side is infinite")
    signs = [_sign_of_infinity(n) for n in (a, b)]
    if 0 in signs:
        return undecided("arithmetic with infinity")
    return equal("both infinite") if signs[0] == signs[1] else different("infinities of different signs")


def _sign_of_infinity(node: Node) -> int:
    if node == INF:
        return 1
    return -_sign_of_infinity(node.args[0]) if node.op == "neg" else 0


def _as_rational_functions(a: Node, b: Node) -> Outcome | None:
    try:
        functions = RationalFunctions(a, b)
        p, q = functions.fraction(a)
        r, s = functions.fraction(b)
        if q == 0 or s == 0:
            raise Unparsable("division by zero")
        gap = functions.mul(p, s) - functions.mul(r, q)
        gap = functions.reduce(gap)
    except TooComplex:
        return None
    if gap == 0:
        return Outcome(True, "identity", "equal as rational functions")
    if all(atom.op == "sym" for atom in functions.atoms):
        return Outcome(False, "identity", "different rational functions")
    if not symbols(a) | symbols(b):
        return None  # a ball decides a constant faster
    return _by_coefficients(functions, gap)


def _by_coefficients(functions: RationalFunctions, gap: Any) -> Outcome | None:
    """A polynomial whose every coefficient is an algebraic constant proved to be zero is zero."""
    constant = [i for a, i in functions.atoms.items() if not symbols(a)]
    if not constant:
        return None
    atoms = {i: a for a, i in functions.atoms.items()}
    groups: dict[tuple[int, ...], list[Node]] = {}
    for monomial, c in gap.to_dict().items():
        key = tuple(0 if i in constant else int(e) for i, e in enumerate(monomial))
        factors = [Node("pow", (atoms[i], num(int(monomial[i])))) for i in constant if monomial[i]]
        groups.setdefault(key, []).append(Node("mul", (Node("num", (), c), *factors)))
    if len(groups) > MAX_COEFFICIENTS:
        return None
    zeros = [is_zero(Node("add", tuple(terms))) for terms in groups.values()]
    if all(zeros):
        return Outcome(True, "identity", "equal as rational functions with algebraic coefficients")
    free = all(a.op == "sym" for a, i in functions.atoms.items() if i not in constant)
    if free and False in zeros:
        return Outcome(False, "identity", "different rational functions")
    return None


def _tolerated(x: fmpq, y: fmpq, policy: Policy) -> bool:
    if policy.rel_tol is not None and abs(x - y) <= fmpq(int(policy.rel_tol * 10**15), 10**15) * max(abs(x), abs(y)):
        return True
    if policy.digits is not None:
        half = fmpq(1, 2)
        scale = 10**policy.digits
        return bool((x * scale + half).floor() == (y * scale + half).floor())
    return False


def order(x: Node, y: Node) -> int:
    """Sign of x - y for two real constants. Raises Undecided."""
    if symbols(x) | symbols(y):
        raise Undecided("the order of letters")
    p, q = exact_or_none(x), exact_or_none(y)
    if p is not None and q is not None:
        return (p > q) - (p < q)
    gap = Node("add", (x, Node("neg", (y,))))
    for bits in ORDER_BITS:
        try:
            value = ball(gap, {}, bits)
        except (OutOfDomain, ZeroDivisionError):
            raise Undecided("an end that has no value") from None
        if not value.imag.contains(0):
            raise Undecided("an end that is not real")
        if value.real > 0:
            return 1
        if value.real < 0:
            return -1
        if bits == ORDER_BITS[0] and is_zero(gap):
            return 0
    raise Undecided("the order of two constants")


def by_points(a: Node, b: Node, policy: Policy, where: Where | None = None) -> Outcome:
    """Compare at points of the real domain, or of the complex one if there are none."""
    if not symbols(a) | symbols(b):
        return _constants(a, b, policy)
    outcome = _functions(a, b, real=True, where=where)
    return outcome if outcome.equal is not None else _functions(a, b, real=False, where=where)


def _constants(a: Node, b: Node, policy: Policy) -> Outcome:
    try:
        x, y = ball(a, {}, BITS), ball(b, {}, BITS)
        if not x.overlaps(y):
            return _apart(x, y, policy)
        if is_zero(Node("add", (a, Node("neg", (b,))))):
            return equal("equal algebraic numbers")
        if not _has_integral(a) and not _has_integral(b):
            x, y = ball(a, {}, CONSTANT_BITS), ball(b, {}, CONSTANT_BITS)
    except (OutOfDomain, ZeroDivisionError):
        return undecided("a constant without a value")
    if not x.overlaps(y):
        return _apart(x, y, policy)
    digits = _digits(x, y)
    if digits < MIN_DIGITS:
        return undecided("constants known to too few digits")
    return Outcome(True, f"numeric(1 points, {digits} digits)", "agree to many digits")


def _has_integral(node: Node) -> bool:
    """An integral is too slow to be computed a second time to more digits."""
    return node.op == "int" or any(_has_integral(a) for a in node.args)


def _apart(x: Any, y: Any, policy: Policy) -> Outcome:
    tolerated = policy.rel_tol is not None and abs(x - y) <= max(abs(x), abs(y)) * policy.rel_tol
    if policy.digits is not None and not tolerated:
        tolerated = all(_round_alike(p, q, policy.digits) for p, q in ((x.real, y.real), (x.imag, y.imag)))
    if tolerated:
        return Outcome(True, "numeric(1 points, tolerance)", "equal within the policy's tolerance")
    return Outcome(False, "ball", "proved different")


def _round_alike(p: arb, q: arb, digits: int) -> bool:
    """Whether two real balls round to one value with so many decimals, beyond doubt."""
    rounded = [whole((v * 10**digits + arb(0.5)).floor()) for v in (p, q)]
    return rounded[0] is not None and rounded[0] == rounded[1]


def _digits(x: Any, y: Any) -> int:
    """Decimal digits to which two overlapping balls are known to agree, relative to their size above one."""
    error = abs(x - y).abs_upper() / max(arb(1), abs(y).abs_lower())
    if error == 0:
        return CONSTANT_BITS
    return max(0, int(float(-error.log() / arb(10).log())))


def _functions(a: Node, b: Node, *, real: bool, where: Where | None) -> Outcome:
    names = sorted(symbols(a) | symbols(b))
    integers = _needs_integers(a) or _needs_integers(b)
    agreed = 0
    digits = CONSTANT_BITS
    slow = not _SERIES.isdisjoint(operations(a) | operations(b))
    for k in range(len(POINTS) * (1 if slow else 2)):
        env: dict[str, Any] = {
            n: fmpq(1 + (k * (j + 2) + j) % 9)
            if integers
            else POINTS[(k * (2 * j + 1) + j) % len(POINTS)] + k // len(POINTS)
            for j, n in enumerate(names)
        }
        if not integers and k < len(POINTS) and k % 2 == 0 and where is None:
            env = {n: abs(v) for n, v in env.items()}
        if where is not None and not where(env[names[0]]):
            continue
        if real:
            env[REAL] = fmpq(1)
        try:
            x, y = ball(a, env, BITS), ball(b, env, BITS)
        except (OutOfDomain, ZeroDivisionError):
            continue
        if (x.imag != 0) != (y.imag != 0):
            continue
        if not x.overlaps(y):
            at = ", ".join(f"{n} = {v}" for n, v in env.items() if n)
            return Outcome(False, "ball", f"proved different at {at}")
        known = _digits(x, y)
        if known < MIN_DIGITS:
            continue
        digits = min(digits, known)
        agreed += 1
        if agreed >= MAX_AGREED:
            break
    if agreed >= MIN_POINTS:
        return Outcome(True, f"numeric({agreed} points, {digits} digits)", "agree at points of the domain")
    return undecided("no points in a common domain")


def _needs_integers(node: Node) -> bool:
    if node.op in ("sum", "prod", "fact") and symbols(node):
        return True
    if node.op == "fn" and node.value in ("binom", "mod", "gcd", "lcm") and symbols(node):
        return True
    if node.op == "pow" and symbols(node.args[1]) and node.args[0].op == "neg":
        return True
    return any(_needs_integers(a) for a in node.args)
