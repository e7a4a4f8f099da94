"""Left sides that only name what the right side is: `x =`, `f(x) =`, `|AB| =`, `(p, q) =`."""

from app.mathcheck.ast import Node, symbols
from app.mathcheck.derivatives import is_written_out

_GREEK_FUNCTIONS = frozenset(["phi", "psi", "zeta", "Gamma", "sigma", "tau"])
"""Letters that are read as factors but before one letter in brackets name a function: `φ(n) = …`."""
_LABEL_OPS = frozenset(["mul", "div", "sym", "fn", "ratio", "app"])


def is_label(node: Node) -> bool:
    if node.op in ("sym", "app", "text"):
        return not is_written_out(node)
    if node.op == "matrix":
        return all(c.op == "sym" for r in node.args for c in r.args)
    if node.op == "tuple":
        return all(a.op == "sym" for a in node.args)
    if node.op == "mul" and len(node.args) == 2 and node.args[0].value in _GREEK_FUNCTIONS and node.args[1].op == "sym":
        return True
    if node.op == "mul" and len(node.args) == 2 and node.args[0].op == "sym" and node.args[1].op == "tuple":
        return is_label(node.args[1])  # `V(r, h)`
    if node.op == "div" and all(_is_differential(a) for a in node.args):
        return True
    names = symbols(node)
    if not names or not all(n[0].isupper() for n in names):
        return False
    return _only(node, _LABEL_OPS)


def _is_differential(node: Node) -> bool:
    """`dy`."""
    return node.op == "mul" and len(node.args) == 2 and node.args[0].value == "d" and node.args[1].op == "sym"


def _only(node: Node, ops: frozenset[str]) -> bool:
    return node.op in ops and all(_only(a, ops) for a in node.args)


def _is_function_of(left: Node, right: Node) -> bool:
    """`S(n) = n²`, which was read as a product: a capital and a small letter, the small one in the value."""
    if left.op != "mul" or len(left.args) != 2 or any(a.op != "sym" or len(a.value) != 1 for a in left.args):
        return False
    name, of = (str(a.value) for a in left.args)
    return name.isupper() and of.islower() and of in symbols(right) and name not in symbols(right)


def assigned(node: Node) -> tuple[Node, Node] | None:
    """Name and value of `name = value`, `value = name`, or of a chain that ends in a value."""
    if node.op != "rel":
        return None
    ops = node.value.split()
    if ops in (["="], ["≈"], ["∈"]):
        left, right = node.args
        if (is_label(left) or _is_function_of(left, right)) and not (left.op == "sym" and left.value in symbols(right)):
            return left, right
        if ops == ["="] and right.op == "sym" and not symbols(left):
            return right, left
    return None
