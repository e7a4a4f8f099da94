"""Sets of real numbers: intervals, unions, inequalities in one variable."""

from collections.abc import Callable
from typing import NamedTuple

from app.mathcheck.ast import Node, is_scalar, num, symbols
from app.mathcheck.limits import Unparsable
from app.mathcheck.ratfun import RationalFunctions
from app.mathcheck.scalar import Outcome

INF = Node("const", (), "inf")
NEG_INF = Node("neg", (INF,))


class Interval(NamedTuple):
    low: Node
    high: Node
    brackets: str


class RealSet(NamedTuple):
    pieces: tuple[Interval, ...]
    variable: str = ""


def _infinite(n: Node) -> bool:
    return n == INF or (n.op in ("neg", "add", "mul") and any(_infinite(a) for a in n.args))


def as_set(node: Node) -> RealSet | None:
    """A set of reals that a node describes; None for other kinds."""
    if node.op == "interval":
        return RealSet((_piece(node.args[0], node.args[1], str(node.value)),))
    if node.op in ("tuple", "bracket") and len(node.args) == 2:
        a, b = node.args
        brackets = "()" if node.op == "tuple" else "[]"
        if all(is_scalar(x) or _infinite(x) for x in (a, b)):
            return RealSet((_piece(a, b, brackets),))
        return None
    if node.op == "union":
        parts = [as_set(_single_set(a)) for a in node.args]
        if any(p is None for p in parts):
            return None
        return RealSet(tuple(i for p in parts if p for i in p.pieces))
    if node.op == "const" and node.value == "reals":
        return RealSet((Interval(NEG_INF, INF, "()"),))
    if node.op == "const" and node.value == "empty":
        return RealSet(())
    if (
        node.op == "minus"
        and as_set(node.args[0]) == RealSet((Interval(NEG_INF, INF, "()"),))
        and node.args[1].op == "set"
        and len(node.args[1].args) == 1
    ):
        return _except(node.args[1].args[0])
    if node.op == "points":
        return RealSet(tuple(Interval(a, a, "[]") for a in node.args))
    if node.op == "setb" and (node.args[0].op == "sym" or node.args[0].value == "∈"):
        return as_set(node.args[1])
    if node.op == "rel":
        return _relation(node)
    if node.op == "list" and all(a.op == "rel" for a in node.args):
        return _choices(node)
    return None


def _choices(node: Node) -> RealSet | None:
    parts = [as_set(a) for a in node.args]
    if any(p is None for p in parts):
        return None
    found = [p for p in parts if p]
    names = {p.variable for p in found}
    ops = " ".join(str(a.value) for a in node.args)
    if len(names) != 1 or "=" in ops.split() or "!=" in ops:
        return None
    if node.value == "and":
        return _intersection(found)
    if node.value != "or":
        return None
    return RealSet(tuple(i for p in found for i in p.pieces), names.pop())


def _intersection(parts: list[RealSet]) -> RealSet | None:
    """Of a lower and an upper bound; their order decides nothing, an empty interval stays as written."""
    if len(parts) != 2 or any(len(p.pieces) != 1 for p in parts):
        return None
    a, b = parts[0].pieces[0], parts[1].pieces[0]
    if a.high != INF:
        a, b = b, a
    if a.high != INF or b.low != NEG_INF:
        return None
    return RealSet((Interval(a.low, b.high, a.brackets[0] + b.brackets[1]),), parts[0].variable)


def _single_set(node: Node) -> Node:
    return node._replace(op="points") if node.op == "set" else node


def _piece(a: Node, b: Node, brackets: str) -> Interval:
    low = "(" if _infinite(a) else brackets[0]
    high = ")" if _infinite(b) else brackets[1]
    return Interval(NEG_INF if _infinite(a) else a, INF if _infinite(b) else b, low + high)


def _except(point: Node) -> RealSet:
    return RealSet((Interval(NEG_INF, point, "()"), Interval(point, INF, "()")))


def _relation(node: Node) -> RealSet | None:
    ops = str(node.value).split()
    args = node.args
    if ops == ["∈"] and args[0].op == "sym":
        inner = as_set(args[1])
        return inner._replace(variable=str(args[0].value)) if inner else None
    if len(ops) == 2 and not symbols(args[0]) and not symbols(args[2]) and args[1].op in ("sym", "app"):
        name = str(args[1].value)
        if all(o in ("<", "<=") for o in ops):
            return RealSet(
                (_piece(args[0], args[2], ("(" if ops[0] == "<" else "[") + (")" if ops[1] == "<" else "]")),), name
            )
        if all(o in (">", ">=") for o in ops):
            return RealSet(
                (_piece(args[2], args[0], ("(" if ops[1] == ">" else "[") + (")" if ops[0] == ">" else "]")),), name
            )
        return None
    if len(ops) != 1 or ops[0] not in ("<", ">", "<=", ">=", "!="):
        return None
    return _linear(args[0], args[1], ops[0])


def _linear(left: Node, right: Node, op: str) -> RealSet | None:
    names = symbols(left) | symbols(right)
    if len(names) != 1 or not is_scalar(left) or not is_scalar(right):
        return None
    name = names.pop()
    x = Node("sym", (), name)
    if left == x and not symbols(right):
        bound = right
        positive = True
    elif right == x and not symbols(left):
        bound = left
        positive = False
    else:
        functions = RationalFunctions(Node("add", (left, Node("neg", (right,)))))
        p, q = functions.fraction(Node("add", (left, Node("neg", (right,)))))
        if not q.is_constant() or set(functions.atoms) != {x} or p.total_degree() != 1:
            return None
        terms = p.to_dict()
        slope, constant = terms.get((1,), 0), terms.get((0,), 0)
        bound = num(-constant / slope)
        positive = bool(slope / q.leading_coefficient() > 0)
    if op == "!=":
        return _except(bound)._replace(variable=name)
    less = op.startswith("<") == positive
    closed = op.endswith("=")
    piece = (
        Interval(NEG_INF, bound, "(" + ("]" if closed else ")"))
        if less
        else Interval(bound, INF, ("[" if closed else "(") + ")")
    )
    return RealSet((piece,), name)


def compare_sets(a: RealSet, b: RealSet, same: Callable[[Node, Node], Outcome]) -> Outcome:
    """Whether two unions have the same pieces, in any order."""
    if len(a.pieces) != len(b.pieces):
        return Outcome(False, "exact", "different numbers of pieces")
    left = list(b.pieces)
    weakest = Outcome(True, "exact", "the same intervals")
    for p in a.pieces:
        for i, q in enumerate(left):
            if p.brackets != q.brackets:
                continue
            low, high = _bound(p.low, q.low, same), _bound(p.high, q.high, same)
            if low.equal and high.equal:
                weakest = next((o for o in (low, high) if o.certificate != "exact"), weakest)
                del left[i]
                break
        else:
            return Outcome(False, "exact", "different intervals")
    return weakest


def _bound(x: Node, y: Node, same: Callable[[Node, Node], Outcome]) -> Outcome:
    if _infinite(x) or _infinite(y):
        return Outcome(x == y, "exact")
    if not is_scalar(x) or not is_scalar(y):
        raise Unparsable("an interval's end")
    return same(x, y)
