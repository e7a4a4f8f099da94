"""The immutable syntax tree of an answer: one node type, told apart by `op`.

Scalars: num sym const add mul div pow neg root fn app fact deg pct pm base sum prod int lim cases, and algebraic:
the k-th real root of a polynomial, which no text writes but inequalities have as ends.
Containers: list tuple set bracket interval union inter minus setb matrix row rel ratio mod residue quantity date text.
"""

from typing import Any, NamedTuple

from flint import fmpq


class Node(NamedTuple):
    op: str
    args: tuple["Node", ...] = ()
    value: Any = None
    """num: a rational; sym, const, fn, app, text: the name; rel: the operators; interval: its brackets."""


def num(value: Any) -> Node:
    return Node("num", (), fmpq(value))


ONE = num(1)
TWO = num(2)
MINUS_ONE = num(-1)
SCALARS = frozenset(
    "num sym const add mul div pow neg root fn app fact deg base sum prod int lim cases algebraic".split()  # noqa: SIM905
)


def is_scalar(node: Node) -> bool:
    return node.op in SCALARS


BINDERS = frozenset(["sum", "prod", "int", "lim"])
"""Nodes whose first child is a variable that has its meaning inside of them alone."""


def operations(node: Node) -> set[str]:
    """What every node of a tree is."""
    found: set[str] = set()
    stack = [node]
    while stack:
        n = stack.pop()
        found.add(n.op)
        if n.args:
            stack.extend(n.args)
    return found


def size(node: Node) -> int:
    """How many nodes a tree has: what hashing it or comparing it with another costs."""
    count, stack = 0, [node]
    while stack:
        count += 1
        stack.extend(stack.pop().args)
    return count


def is_larger(node: Node, bound: int) -> bool:
    """Whether a tree has more nodes; no more than so many are counted."""
    count, stack = 0, [node]
    while stack:
        count += 1
        if count > bound:
            return True
        stack.extend(stack.pop().args)
    return False


def symbols(node: Node) -> set[str]:
    """Names of the free variables below a node."""
    found: set[str] = set()
    stack = [node]
    while stack:
        n = stack.pop()
        if n.op == "sym":
            found.add(n.value)
        elif n.op in BINDERS:
            found |= symbols(n.args[-1]) - {n.args[0].value}
            stack.extend(n.args[1:-1])
        elif n.args:
            stack.extend(n.args)
    return found


def substitute(node: Node, name: str, by: Node) -> Node:
    """The tree with a free variable replaced."""
    if node.op == "sym":
        return by if node.value == name else node
    if not node.args or (node.op in BINDERS and node.args[0].value == name):
        return node
    return node._replace(args=tuple(substitute(a, name, by) for a in node.args))


def replace(node: Node, old: Node, new: Node) -> Node:
    """The tree with every occurrence of one subtree replaced."""
    if node == old:
        return new
    if not node.args:
        return node
    return node._replace(args=tuple(replace(a, old, new) for a in node.args))
