r"""Notations that stand for an operation: `C(n, k)`, `{}^5P_2`, `\overline{3 + 4i}`."""

import re

from app.mathcheck.ast import Node, symbols

_NUMBER = r"\{?\s*(\d{1,6}|[a-z])\s*\}?"
_COUNTS = re.compile(
    rf"(?<![\w^_}}).])(?:(?:\{{\s*\}})?[\^_]{_NUMBER}\s*([CP])_{_NUMBER}|(\d{{1,6}})([CP])(\d{{1,6}}))(?![\w^])"
)
_CHOOSE = re.compile(r"(?<![\w}).])(\d{1,6}|[a-z])\s+choose\s+(\d{1,6}|[a-z])(?![\w^])")
_CALLED = re.compile(r"(?<![\w\\])n([CP])r\s*(?=\()")
_TO = re.compile(r"\\(?:text|mathrm)\{\s*to\s*\}")
_MONEY_CODE = re.compile(r"(?<![A-Za-z\\{])(USD|EUR|GBP|CNY|RMB)\s?(\d[\d,.]*)")
_PARTS = re.compile(r"([一二三四五六七八九十百\d]{1,4})分之([一二三四五六七八九十\d]{1,4})")
_CHINESE = {c: k for k, c in enumerate("零一二三四五六七八九十")}
_I = Node("const", (), "i")
_RATIONAL_IN_I = frozenset(["num", "const", "add", "mul", "div", "neg", "root"])
"""Operations of real arguments, or of which the conjugate is that of the parts."""


def counted(text: str) -> str:
    r"""Ways to write combinations and permutations, as `C(n, k)` and `P(n, k)`."""
    if "choose" in text:
        text = _CHOOSE.sub(r"C(\1,\2)", text)
    if "C" not in text and "P" not in text:
        return text
    text = _CALLED.sub(r"\1", text)
    return _COUNTS.sub(lambda m: f"{m[2] or m[5]}({m[1] or m[4]},{m[3] or m[6]})", text)


def spelled(text: str) -> str:
    r"""Ratios, money and fractions that are spelled otherwise: `3\text{ to }2`, `USD 12`, 二分之一."""
    if "to" in text:
        text = _TO.sub(" to ", text)
    if text[:3].isupper():
        text = _MONEY_CODE.sub(r"\2 \1", text)
    return _PARTS.sub(_in_parts, text) if "分之" in text else text


def _in_parts(m: re.Match[str]) -> str:
    top, bottom = _chinese(m[2]), _chinese(m[1])
    return m[0] if top is None or bottom is None else f"{top}/{bottom}"


def _chinese(digits: str) -> int | None:
    """A number below a hundred, or one hundred."""
    if digits.isascii():
        return int(digits)
    if digits == "百":
        return 100
    tens, ten, ones = digits.rpartition("十")
    if any(c not in _CHINESE for c in tens + ones) or len(tens) > 1 or len(ones) > 1:
        return None
    return (_CHINESE.get(tens, 1) * 10 if ten else 0) + _CHINESE.get(ones, 0)


def meant(node: Node) -> Node:
    """The tree with these notations written out."""
    if not node.args:
        return node
    args = tuple(meant(a) for a in node.args)
    if node.op == "mul" and len(args) == 2 and args[0].op == "sym" and args[1].op == "tuple":
        return _count(str(args[0].value), args[1].args) or node._replace(args=args)
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
