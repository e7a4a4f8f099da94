"""The ladder for two scalars: rational, rational function, balls, points."""

# ruff: noqa: E501  (word tables)

from typing import NamedTuple

from flint import fmpq

from app.mathcheck.ast import Node, symbols
from app.mathcheck.balls import REAL, OutOfDomain, ball
from app.mathcheck.exact import exact
from app.mathcheck.limits import TooComplex, Unparsable
from app.mathcheck.policy import Policy
from app.mathcheck.ratfun import RationalFunctions

POINTS = [fmpq(p, q) for p, q in ((17, 7), (5, 13), (-19, 11), (31, 3), (41, 17), (-7, 23), (3, 29), (97, 19), (-53, 9), (11, 31), (2, 3), (29, 37))]  # fmt: skip
MIN_POINTS = 4
BITS = 160
CONSTANT_BITS = 400
"""Constants are compared to more than 100 digits before their agreement counts as evidence."""


class Outcome(NamedTuple):
    """equal is None where nothing could be shown."""

    equal: bool | None
    certificate: str
    detail: str = ""


def compare_scalars(a: Node, b: Node, policy: Policy) -> Outcome:
    """Whether two scalars are the same number or function. Raises TooComplex, Unparsable."""
    if a == b:
        return Outcome(True, "exact", "the same expression")
    x, y = exact(a), exact(b)
    if x is not None and y is not None:
        if x == y:
            return Outcome(True, "exact", "equal rational numbers")
        if _tolerated(x, y, policy):
            return Outcome(True, "numeric(1 points, tolerance)", "equal within the policy's tolerance")
        return Outcome(False, "exact", "different rational numbers")
    try:
        functions = RationalFunctions(a, b)
        p, q = functions.fraction(a)
        r, s = functions.fraction(b)
        if q == 0 or s == 0:
            raise Unparsable("division by zero")
        if functions.is_zero(functions.mul(p, s) - functions.mul(r, q)):
            return Outcome(True, "identity", "equal as rational functions")
        if all(atom.op == "sym" for atom in functions.atoms):
            return Outcome(False, "identity", "different rational functions")
    except TooComplex:
        pass
    return by_points(a, b, policy)


def _tolerated(x: fmpq, y: fmpq, policy: Policy) -> bool:
    if policy.rel_tol is not None and abs(x - y) <= fmpq(int(policy.rel_tol * 10**15), 10**15) * max(abs(x), abs(y)):
        return True
    if policy.digits is not None:
        half = fmpq(1, 2)
        scale = 10**policy.digits
        return bool((x * scale + half).floor() == (y * scale + half).floor())
    return False


def by_points(a: Node, b: Node, policy: Policy) -> Outcome:
    """Compare at points of the real domain, or of the complex one if there are none."""
    outcome = _by_points(a, b, policy, real=True)
    return outcome if outcome.equal is not None or not symbols(a) | symbols(b) else _by_points(a, b, policy, real=False)


def _by_points(a: Node, b: Node, policy: Policy, *, real: bool) -> Outcome:
    names = sorted(symbols(a) | symbols(b))
    bits = BITS if names else CONSTANT_BITS
    integers = _needs_integers(a) or _needs_integers(b)
    agreed = 0
    for k in range(len(POINTS) * 2 if names else 1):
        env = {
            n: fmpq(1 + (k * (j + 2) + j) % 9)
            if integers
            else POINTS[(k * (2 * j + 1) + j) % len(POINTS)] + k // len(POINTS)
            for j, n in enumerate(names)
        }
        if not integers and k < len(POINTS):
            env = {n: abs(v) for n, v in env.items()} if k % 2 == 0 else env
        if real and names:
            env[REAL] = fmpq(1)
        try:
            x, y = ball(a, env, bits), ball(b, env, bits)
        except (OutOfDomain, ZeroDivisionError):
            continue
        if names and (x.imag != 0) != (y.imag != 0):
            continue
        if not x.overlaps(y):
            if not names and policy.rel_tol is not None and abs(x - y) <= abs(y) * policy.rel_tol:
                return Outcome(True, "numeric(1 points, tolerance)", "equal within the policy's tolerance")
            at = ", ".join(f"{n} = {v}" for n, v in env.items() if n)
            return Outcome(False, "ball", f"proved different{' at ' + at if at else ''}")
        error = abs(x - y).abs_upper()
        if error > fmpq(1, 10**20):
            continue
        agreed += 1
        if agreed >= (8 if names else 1):
            break
    if agreed >= (MIN_POINTS if names else 1):
        return Outcome(True, f"numeric({agreed} points, 20 digits)", "agree at points of the domain")
    return Outcome(None, "undecided(no points in a common domain)")


def _needs_integers(node: Node) -> bool:
    if node.op in ("sum", "prod", "fact") and symbols(node):
        return True
    if node.op == "fn" and node.value == "binom" and symbols(node):
        return True
    if node.op == "pow" and symbols(node.args[1]) and node.args[0].op == "neg":
        return True
    return any(_needs_integers(a) for a in node.args)
