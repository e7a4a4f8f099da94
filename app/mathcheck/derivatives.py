r"""Derivatives that a text asks to take, `\frac{d}{dx} x^2`, by the rules of calculus on the tree."""

from collections.abc import Callable

from app.mathcheck.ast import MINUS_ONE, ONE, TWO, Node, is_larger, num, symbols
from app.mathcheck.limits import TooComplex, Unparsable

MAX_ORDER = 6
MAX_NODES = 400
"""Size of what is differentiated: a rule writes each part twice."""
NAME = "d/d"
"""The application that stands for the derivative of a name: `\\frac{dy}{dx}`, `\\frac{d}{dx} f(x)`."""


def derivative(body: Node, variable: Node, order: int) -> Node:
    """The derivative as a tree. Raises Unparsable where no rule applies, TooComplex past the bounds."""
    if body.op in ("sym", "app") and body != variable:
        return left_side(body, variable, order)
    if order > MAX_ORDER:
        raise TooComplex("a derivative of high order")
    for _ in range(order):
        if is_larger(body, MAX_NODES):
            raise TooComplex("a long derivative")
        body = _of(body, str(variable.value))
    return body


def left_side(body: Node, variable: Node, order: int) -> Node:
    """A derivative as it is written: of a name, or before an equals sign that says what it is."""
    return Node("app", (body, variable, num(order)), NAME)


def is_written_out(node: Node) -> bool:
    """Whether a node is the derivative of a formula before an equals sign."""
    return node.op == "app" and node.value == NAME and node.args[0].op not in ("sym", "app")


def taken(node: Node) -> Node:
    """What such a derivative is. Raises Unparsable, TooComplex."""
    body, variable, order = node.args
    return derivative(body, variable, int(order.value.p))


def _of(u: Node, x: str) -> Node:
    if u.op in _APART or x not in symbols(u):
        if x in symbols(u) or u.op == "app":
            raise Unparsable("a derivative that no rule gives")
        return num(0)
    if u.op == "sym":
        return ONE
    if u.op == "add":
        return _sum([_of(a, x) for a in u.args])
    if u.op == "neg":
        return Node("neg", (_of(u.args[0], x),))
    if u.op == "mul":
        parts = [_times(_of(a, x), *u.args[:k], *u.args[k + 1 :]) for k, a in enumerate(u.args)]
        return _sum(parts)
    if u.op == "div":
        top, bottom = u.args
        if x not in symbols(bottom):
            return Node("div", (_of(top, x), bottom))
        over = _sum([_times(_of(top, x), bottom), Node("neg", (_times(top, _of(bottom, x)),))])
        return Node("div", (over, Node("pow", (bottom, TWO))))
    if u.op == "pow":
        return _power(u.args[0], u.args[1], x)
    if u.op == "root":
        base, index = u.args
        if x in symbols(index):
            raise Unparsable("a derivative that no rule gives")
        lower = Node("pow", (u, Node("add", (index, MINUS_ONE))))
        return Node("div", (_of(base, x), _times(index, lower)))
    if u.op == "fn" and u.value in _OUTER and len(u.args) == 1:
        return _times(_OUTER[u.value](u.args[0]), _of(u.args[0], x))
    raise Unparsable("a derivative that no rule gives")


def _power(base: Node, exponent: Node, x: str) -> Node:
    if x not in symbols(exponent):
        return _times(exponent, Node("pow", (base, Node("add", (exponent, MINUS_ONE)))), _of(base, x))
    log = ONE if base == Node("const", (), "e") else _fn("log", base)
    rate = _times(_of(exponent, x), log)
    if x in symbols(base):
        rate = _sum([rate, _times(exponent, Node("div", (_of(base, x), base)))])
    return _times(Node("pow", (base, exponent)), rate)


def _times(*factors: Node) -> Node:
    if num(0) in factors:
        return num(0)
    kept = tuple(f for f in factors if f != ONE)
    return ONE if not kept else kept[0] if len(kept) == 1 else Node("mul", kept)


def _sum(terms: list[Node]) -> Node:
    kept = tuple(t for t in terms if t != num(0) and t != Node("neg", (num(0),)))
    return num(0) if not kept else kept[0] if len(kept) == 1 else Node("add", kept)


def _fn(name: str, u: Node) -> Node:
    return Node("fn", (u,), name)


def _over(u: Node) -> Node:
    return Node("div", (ONE, u))


def _square(u: Node) -> Node:
    return Node("pow", (u, TWO))


def _less(a: Node, b: Node) -> Node:
    return Node("add", (a, Node("neg", (b,))))


_APART = frozenset(["app", "sum", "prod", "int", "lim", "cases", "fact", "deg", "pct", "pm"])
"""What no rule here goes into."""
_OUTER: dict[str, Callable[[Node], Node]] = {
    "sin": lambda u: _fn("cos", u),
    "cos": lambda u: Node("neg", (_fn("sin", u),)),
    "tan": lambda u: _over(_square(_fn("cos", u))),
    "cot": lambda u: Node("neg", (_over(_square(_fn("sin", u))),)),
    "sec": lambda u: Node("div", (_fn("sin", u), _square(_fn("cos", u)))),
    "csc": lambda u: Node("neg", (Node("div", (_fn("cos", u), _square(_fn("sin", u)))),)),
    "sinh": lambda u: _fn("cosh", u),
    "cosh": lambda u: _fn("sinh", u),
    "tanh": lambda u: _over(_square(_fn("cosh", u))),
    "log": _over,
    "arcsin": lambda u: _over(Node("root", (_less(ONE, _square(u)), TWO))),
    "arccos": lambda u: Node("neg", (_over(Node("root", (_less(ONE, _square(u)), TWO))),)),
    "arctan": lambda u: _over(Node("add", (ONE, _square(u)))),
}
"""Derivatives of the functions themselves; the chain rule gives the rest."""
