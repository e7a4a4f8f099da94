"""Bring a tree into the form in which it is compared: ± written out, matrices and limits evaluated, lists flat."""

from app.mathcheck.ast import BINDERS, Node, is_scalar, operations, symbols
from app.mathcheck.closed import closed_form
from app.mathcheck.matrices import evaluate
from app.mathcheck.names import is_label
from app.mathcheck.notation import meant

MAX_SIGNS = 3
"""Independent ± of one expression: each doubles the number of values."""
_LISTS = frozenset(["list", "set"])
_EXPANDED = frozenset(["rel", "list", "set"])


def prepare(node: Node) -> Node:
    """Raises TooComplex where an operation crosses a bound."""
    if not node.args:
        return node
    found = operations(node)
    if "app" in found or {"mul", "tuple"} <= found:
        node = meant(node)
    if not BINDERS.isdisjoint(found):
        node = closed_form(node)
    if "bracket" in found or "matrix" in found:
        node = evaluate(_bracket_matrix(node))
    return _expand(node) if node.op in _EXPANDED or ("pm" in found and _signs(node)) else node


def _bracket_matrix(node: Node) -> Node:
    """`[[1, 2], [3, 4]]`."""
    if (
        node.op == "bracket"
        and all(a.op == "bracket" for a in node.args)
        and len({len(a.args) for a in node.args}) == 1
    ):
        return Node("matrix", tuple(Node("row", a.args) for a in node.args))
    return node


def _expand(node: Node) -> Node:
    if node.op == "rel":
        return _relation(node)
    if node.op in _LISTS:
        return _list(node)
    found = alternatives(node)
    return Node("list", tuple(found)) if len(found) > 1 else node


def _relation(node: Node) -> Node:
    if node.value == "=":
        name, value = node.args
        if value.op == "list" and is_label(name):
            return Node("list", tuple(Node("rel", (name, v), "=") for v in value.args))
        return Node("list", tuple(alternatives(node))) if _signs(node) else node
    if _is_shared(node):
        return Node("list", tuple(Node("rel", (name, node.args[-1]), "=") for name in node.args[:-1]), "and")
    if node.value == "!=" and _signs(node.args[1]):
        return Node("list", tuple(node._replace(args=(node.args[0], v)) for v in alternatives(node.args[1])), "and")
    return node


def _is_shared(node: Node) -> bool:
    """Whether a chain gives several unknowns one value: `a = b = 1`."""
    if len(node.args) < 3 or set(node.value.split()) != {"="}:
        return False
    *names, value = node.args
    return all(a.op == "sym" for a in names) and is_scalar(value) and not symbols(value)


def _list(node: Node) -> Node:
    items: list[Node] = []
    for a in node.args:
        e = _expand(a) if a.op in ("rel", *_LISTS) or _signs(a) else a
        items.extend(e.args if e.op == "list" and a.op != "list" else (e,))
    return node._replace(args=_inherit(_of_one_modulus(items)))


def _of_one_modulus(items: list[Node]) -> list[Node]:
    """`x ≡ 1, 4 (mod 5)`: the modulus behind the last value holds for all."""
    last = items[-1] if items else None
    first = items[0] if items else None
    if last is None or first is None or last.op != "residue" or len(items) < 2:
        return items
    name = first.args[0] if first.op == "rel" and first.value == "≡" else None
    values = [first.args[1] if name else first, *items[1:-1], last.args[0]]
    if not all(is_scalar(v) for v in values):
        return items
    modulus = last.args[1]
    return [Node("mod", (name, v, modulus)) if name else Node("residue", (v, modulus)) for v in values]


def _inherit(items: list[Node]) -> tuple[Node, ...]:
    """`a = 4, -8, -10` and `x ≠ 0, 1`: the name holds for what follows."""
    named = len(items) > 1 and items[0].op == "rel" and items[0].value in ("=", "!=") and items[0].args[0].op == "sym"
    if named and not any(i.op == "rel" for i in items[1:]):
        return (items[0], *(items[0]._replace(args=(items[0].args[0], i)) for i in items[1:]))
    return tuple(items)


def _signs(node: Node) -> int:
    return int(node.op == "pm") + sum(_signs(a) for a in node.args) if node.args else 0


def alternatives(node: Node) -> list[Node]:
    """What ± stands for. With a ∓ in it all signs go together; without one each is free."""
    count = _signs(node)
    if not count:
        return [node]
    if count > MAX_SIGNS and not _has_opposite(node):
        return [node]
    choices = [[s] * count for s in (1, -1)] if _has_opposite(node) else _choices(count)
    found: list[Node] = []
    for signs in choices:
        value = _choose(node, list(signs))
        if value not in found:
            found.append(value)
    return found


def _choices(count: int) -> list[list[int]]:
    return [[1 if (k >> j) % 2 == 0 else -1 for j in range(count)] for k in range(2**count)]


def _has_opposite(node: Node) -> bool:
    return (node.op == "pm" and node.value == "∓" and _signs(node) > 0) or any(_has_opposite(a) for a in node.args)


def _choose(node: Node, signs: list[int]) -> Node:
    """The tree with the signs, taken from the end of the list, in place of each ±."""
    if node.op == "pm":
        plus = (signs.pop() > 0) == (node.value != "∓")
        left, right = (_choose(a, signs) for a in node.args)
        right = right if plus else Node("neg", (right,))
        return right if left == Node("num", (), 0) or _is_zero(left) else Node("add", (left, right))
    if not node.args:
        return node
    return node._replace(args=tuple(_choose(a, signs) for a in node.args))


def _is_zero(node: Node) -> bool:
    return node.op == "num" and node.value == 0


__all__ = ["alternatives", "is_scalar", "prepare"]
