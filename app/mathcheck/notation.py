r"""Notations that stand for an operation: `C(n, k)`, `{}^5P_2`, `\overline{3 + 4i}`."""

import re

from app.mathcheck.ast import Node, symbols
from app.mathcheck.foreign import in_own_words
from app.mathcheck.units import lookup

_NUMBER = r"\{?\s*(\d{1,6}|[a-z])\s*\}?"
_COUNTS = re.compile(
    rf"(?<![\w^_}}).])(?:(?:\{{\s*\}})?[\^_]{_NUMBER}\s*([CP])_{_NUMBER}|(\d{{1,6}})([CP])(\d{{1,6}}))(?![\w^])"
)
_INDEXED = re.compile(r"(?<![\w}\\])([CA])(?:_\{?(\d{1,6})\}?\^\{?(\d{1,6})\}?|\^\{?(\d{1,6})\}?_\{?(\d{1,6})\}?)(?![\w^_!])")
"""`C_5^2`, `A_5^2`: of two numbers the larger one is what is chosen from, in all countries' order."""
_CHOOSE = re.compile(r"(?<![\w}).])(\d{1,6}|[a-z])\s+choose\s+(\d{1,6}|[a-z])(?![\w^])")
_CALLED = re.compile(r"(?<![\w\\])n([CP])r\s*(?=\()")
_TO = re.compile(r"\\(?:text|mathrm)\{\s*to\s*\}")
_MONEY_CODE = re.compile(r"(?<![A-Za-z\\{])(USD|EUR|GBP|CNY|RMB)\s?(\d[\d,.]*)")
_PARTS = re.compile(r"([一二三四五六七八九十百\d]{1,4})分之([一二三四五六七八九十\d]{1,4})")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_LETTER = re.compile(r"[A-Za-z]")
_REALS_BUT = re.compile(
    r"(?:(?:the set of )?(?:all|any) )?(?:the )?(?:real numbers|reals|real values|real number)(?: (?:of )?\$?x\$?)?,? "
    r"(?:except|excluding|other than|but not|besides|not equal to)(?: for)?(?: \$?x ?=)? ?\$?([-\d][^a-z]*(?: and [-\d][^a-z]*)?)\$?",
    re.I,
)
_CHANCE = re.compile(r"(\d{1,9}) (?:out of|in)(?: every)? (\d{1,9})")
_LENGTH = r"(\d{1,9}(?:\.\d{1,9})?)\s?(?:\\ |\\,)?(?:\\(?:text|mathrm)\{\s?)?([A-Za-z]{1,12})\.?\s?\}?"
_COMPOUND = re.compile(rf"{_LENGTH}(?:\\ |\\,|\s)?(?:(?:,|and|, and|\\text\{{ ?and ?\}})\s)?\s?{_LENGTH}")
SHORT = 100
"""Characters of a text that may be one value in words."""
_CHINESE = {c: k for k, c in enumerate("零一二三四五六七八九十")}
_I = Node("const", (), "i")
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


def spelled(text: str) -> str:
    r"""Values that are spelled otherwise: `3\text{ to }2`, `USD 12`, 二分之一, `5 ft 6 in`, `1 out of 6`, ℝ but for points."""
    if not text.isascii():
        text = _PARTS.sub(_in_parts, in_own_words(text))
    if len(text) <= SHORT:
        if "real" in text and (m := _REALS_BUT.fullmatch(text)):
            return f"\\mathbb{{R}}\\setminus\\{{{m[1]}\\}}"
        if m := _CHANCE.fullmatch(text):
            return f"{m[1]}/{m[2]}"
        if m := _COMPOUND.fullmatch(text):
            text = _compound(m) or text
    if "to" in text:
        text = _TO.sub(" to ", text)
    if text[:3].isupper():
        text = _MONEY_CODE.sub(r"\2 \1", text)
    return text


def _compound(m: re.Match[str]) -> str | None:
    """`5 ft 6 in` in the smaller unit; None if the two units measure different things."""
    first, second = lookup(m[2]), lookup(m[4])
    if first is None or second is None or first.dims != second.dims or not first.factor > second.factor:
        return None
    return f"({m[1]}\\cdot({first.factor / second.factor})+{m[3]})\\text{{ {m[4]}}}"


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
