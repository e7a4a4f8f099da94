r"""Notations that stand for an operation: `C(n, k)`, `{}^5P_2`, `\overline{3 + 4i}`."""

import re

from app.mathcheck.ast import Node, symbols

_NUMBER = r"\{?\s*(\d{1,6}|[a-z])\s*\}?"
_COUNTS = re.compile(
    rf"(?<![\w^_}}).])(?:(?:\{{\s*\}})?[\^_]{_NUMBER}\s*([CP])_{_NUMBER}|(\d{{1,6}})([CP])(\d{{1,6}}))(?![\w^])"
)
_INDEXED = re.compile(
    r"(?<![\w}\\])([CA])(?:_\{?(\d{1,6})\}?\^\{?(\d{1,6})\}?|\^\{?(\d{1,6})\}?_\{?(\d{1,6})\}?)(?![\w^_!])"
)
"""`C_5^2`, `A_5^2`: of two numbers the larger one is what is chosen from, in all countries' order."""
_CHOOSE = re.compile(r"(?<![\w}).])(\d{1,6}|[a-z])\s+choose\s+(\d{1,6}|[a-z])(?![\w^])")
_CALLED = re.compile(r"(?<![\w\\])n([CP])r\s*(?=\()")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_LETTER = re.compile(r"[A-Za-z]")
_I = Node("const", (), "i")
_AXES = (_I, Node("sym", (), "j"), Node("sym", (), "k"))
"""Unit vectors, with a hat or without."""
_RATIONAL_IN_I = frozenset(["num", "const", "add", "mul", "div", "neg", "root"])
"""Operations of real arguments, or of which the conjugate is that of the parts."""


def counted(text: str) -> str:
    r"""Ways to write combinations and permutations, as `C(n, k)` and `P(n, k)`."""
    if "choose" in text:
        text = _CHOOSE.sub(r"C(\1,\2)", text)
    if "_" in text and "^" in text and ("C" in text or "A" in text):
        text = _chosen(text)
    if "C" not in text and "P" not in text:
        return text
    text = _CALLED.sub(r"\1", text)
    return _COUNTS.sub(lambda m: f"{m[2] or m[5]}({m[1] or m[4]},{m[3] or m[6]})", text)


def _chosen(text: str) -> str:
    """`C_5^2` and `A_5^2` as `C(5,2)` and `P(5,2)`, in a number; beside letters, and as `C_1^2`, they are variables."""
    if _LETTER.search(_COMMAND.sub("", _INDEXED.sub("", text))) or any(
        m[2] and int(m[2]) < int(m[3]) for m in _INDEXED.finditer(text)
    ):
        return text
    return _INDEXED.sub(_indexed, text)


def _indexed(m: re.Match[str]) -> str:
    low, high = sorted(int(g) for g in m.groups()[1:] if g)
    return f"{'C' if m[1] == 'C' else 'P'}({high},{low})"


def meant(node: Node) -> Node:
    """The tree with these notations written out."""
    if not node.args:
        return node
    args = tuple(meant(a) for a in node.args)
    if node.op == "mul" and len(args) == 2 and args[0].op == "sym" and args[1].op == "tuple":
        return _count(str(args[0].value), args[1].args) or node._replace(args=args)
    if node.op == "app" and node.value in ("hat", "vec") and args[0] in _AXES:
        return args[0]
    if node.op == "app" and all(a.op == "num" for a in args) and (found := _count(str(node.value), args)):
        return found
    if node.op == "app" and node.value == "overline" and _has_i(args[0]) and not symbols(args[0]):
        return _conjugate(args[0]) or node._replace(args=args)
    return node if args == node.args else node._replace(args=args)


def _count(name: str, of: tuple[Node, ...]) -> Node | None:
    if name not in ("C", "P") or len(of) != 2 or any(a.op not in ("num", "sym") for a in of):
        return None
    n, k = of
    if name == "C":
        return Node("fn", (n, k), "binom")
    rest = Node("add", (n, Node("neg", (k,))))
    return Node("div", (Node("fact", (n,)), Node("fact", (rest,))))


def _has_i(node: Node) -> bool:
    return node == _I or any(_has_i(a) for a in node.args)


def _conjugate(node: Node) -> Node | None:
    """The conjugate of a constant; None if it is made of more than sums, products and real roots."""
    if node == _I:
        return Node("neg", (_I,))
    if not _has_i(node):
        return node
    if node.op not in _RATIONAL_IN_I or node.op == "root":
        return None
    parts = [_conjugate(a) for a in node.args]
    return None if None in parts else node._replace(args=tuple(p for p in parts if p is not None))
