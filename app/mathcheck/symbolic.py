"""The last rung: SymPy, for what no exact rule decided. Nothing bounds its time: `bounded` asks in a killable process.

SymPy is imported on first use and is never given text: its objects are built from the tree.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from app.mathcheck.ast import Node
from app.mathcheck.outcome import Outcome, undecided

MAX_NODES = 150
"""Size of an expression that SymPy is given."""
DIGITS = 50
"""Digits to which a remaining difference is evaluated."""
_CONSTANTS = {"pi": "pi", "e": "E", "i": "I", "inf": "oo"}
_FUNCTIONS = {
    "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "Abs",
    "floor": "floor", "ceil": "ceiling", "max": "Max", "min": "Min", "gcd": "gcd", "lcm": "lcm", "binom": "binomial",
    "Re": "re", "Im": "im", "erf": "erf", "mod": "Mod", "sgn": "sign",
}  # fmt: skip


class _NoCounterpart(Exception):
    """A node that SymPy has no object for."""


def decide(a: Node, b: Node) -> Outcome:
    """Whether SymPy simplifies the difference to zero, or evaluates it as a number that is none."""
    if _size(a) + _size(b) > MAX_NODES:
        return undecided("too large for SymPy")
    try:
        sympy: Any = import_module("sympy")
    except ImportError:
        return undecided("SymPy is not installed")
    build = _Builder(sympy)
    try:
        gap: Any = build.of(a).doit() - build.of(b).doit()
        if sympy.simplify(gap) == 0:
            return Outcome(True, "identity", "SymPy simplifies the difference to zero")
        value = gap.evalf(DIGITS)
        if value.is_number and value.is_finite and abs(value) > sympy.Float(10) ** (-DIGITS // 2):
            return Outcome(False, f"numeric(1 points, {DIGITS} digits)", "SymPy evaluates a difference")
    except _NoCounterpart as what:
        return undecided(f"SymPy has no {what}")
    except (ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError, RecursionError) as error:
        return undecided(f"SymPy: {type(error).__name__}")  # what its algorithms raise on shapes that they don't know
    return undecided("SymPy finds no answer")


def _size(node: Node) -> int:
    return 1 + sum(_size(a) for a in node.args)


def _quotient(x: Any, y: Any) -> Any:
    return x / y


def _negative(x: Any) -> Any:
    return -x


class _Builder:
    def __init__(self, sympy: Any) -> None:
        self.sympy = sympy

    def of(self, node: Node) -> Any:
        s = self.sympy
        op, value = node.op, node.value
        if op == "num":
            return s.Rational(int(value.p), int(value.q))
        if op == "sym":
            return s.Symbol(str(value), real=True)
        if op == "const" and value in _CONSTANTS:
            return getattr(s, _CONSTANTS[str(value)])
        if op in ("sum", "prod", "int", "lim"):
            return self._bound(node)
        args = [self.of(a) for a in node.args]
        make = self._operations().get(op)
        if make is not None:
            return make(*args)
        if op == "fact":
            return s.factorial2(*args) if value == "!!" else s.factorial(*args)
        if op == "fn" and value in _FUNCTIONS:
            return getattr(s, _FUNCTIONS[str(value)])(*args)
        if op == "app":
            return s.Function(str(value))(*args)
        raise _NoCounterpart(op)

    def _operations(self) -> dict[str, Callable[..., Any]]:
        s = self.sympy
        return {
            "add": s.Add,
            "mul": s.Mul,
            "div": _quotient,
            "neg": _negative,
            "pow": s.Pow,
            "root": s.root,
            "base": s.S,
            "deg": s.rad,
        }

    def _bound(self, node: Node) -> Any:
        s = self.sympy
        x, body = self.of(node.args[0]), self.of(node.args[-1])
        if node.op == "lim":
            side = {0: "+-", 1: "+", -1: "-"}[int(node.value or 0)]
            at = self.of(node.args[1])
            return s.Limit(body, x, at, "-" if at == s.oo else "+" if at == -s.oo else side)
        low, high = self.of(node.args[1]), self.of(node.args[2])
        if node.op == "int":
            return s.Integral(body, (x, low, high))
        index = s.Symbol(str(node.args[0].value), integer=True)
        series = s.Sum if node.op == "sum" else s.Product
        return series(body.subs(x, index), (index, low, high))
