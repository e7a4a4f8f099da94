"""A tree as LaTeX that the parser reads back as an equal tree; for explanations and for tests of the round trip."""

from flint import fmpq

from app.mathcheck.ast import Node
from app.mathcheck.derivatives import NAME as DERIVATIVE
from app.mathcheck.lexicon import GREEK

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
"""How tightly what is written holds together."""
_CONSTANTS = {
    "pi": r"\pi", "e": "e", "i": "i", "inf": r"\infty", "empty": r"\emptyset", "reals": r"\mathbb{R}",
    "integers": r"\mathbb{Z}", "naturals": r"\mathbb{N}", "rationals": r"\mathbb{Q}", "complexes": r"\mathbb{C}",
    "positive reals": r"\mathbb{R}^+", "positive integers": r"\mathbb{Z}^+", "positive naturals": r"\mathbb{N}^+",
}  # fmt: skip
_RELATIONS = {"<=": r"\le", ">=": r"\ge", "!=": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∈": r"\in"}
_SET_OPS = {"union": r"\cup", "inter": r"\cap", "minus": r"\setminus"}
_COMMAND_FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh max min gcd det".split()  # noqa: SIM905
)
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def latex(node: Node) -> str:
    """LaTeX of a tree. A root of a polynomial, which no text writes, is described in words."""
    return _write(node)[0]


def _write(node: Node) -> tuple[str, int]:
    """Text and how tightly it holds together."""
    op, args, value = node
    if op == "num":
        return _number(value)
    if op == "sym":
        return _symbol(str(value)), _ATOM
    if op == "const":
        return _CONSTANTS[str(value)], _ATOM
    if op == "dots":
        return r"\ldots", _ATOM
    if op == "text":
        return rf"\text{{{value}}}", _ATOM
    writer = _WRITERS.get(op)
    if writer is not None:
        return writer(node)
    if op in _SET_OPS:
        return f" {_SET_OPS[op]} ".join(_in(a, _PRODUCT) for a in args), _SUM
    if op == "algebraic":
        return rf"\text{{root {value[1]} of {list(value[0])}}}", _ATOM
    raise ValueError(f"no LaTeX for {op}")


def _in(node: Node, tightness: int) -> str:
    """A part in brackets, unless it holds together at least that tightly."""
    text, holds = _write(node)
    return text if holds >= tightness else rf"\left({text}\right)"


def _number(value: fmpq) -> tuple[str, int]:
    sign = "-" if value < 0 else ""
    p, q = abs(value.p), value.q
    text = f"{sign}{p}" if q == 1 else rf"{sign}\frac{{{p}}}{{{q}}}"
    return text, _SUM if sign else _ATOM if q == 1 else _PRODUCT


def _symbol(name: str) -> str:
    stem, _, index = name.partition("_")
    stem = "\\" + stem if stem in GREEK else stem
    return f"{stem}_{{{index}}}" if index else stem


def _add(node: Node) -> tuple[str, int]:
    text = _in(node.args[0], _SUM)
    for a in node.args[1:]:
        if a.op == "neg":
            text += f" - {_in(a.args[0], _PRODUCT)}"
        else:
            text += f" + {_in(a, _PRODUCT)}"
    return text, _SUM


def _mul(node: Node) -> tuple[str, int]:
    return r" \cdot ".join(_in(a, _PRODUCT) for a in node.args), _PRODUCT


def _div(node: Node) -> tuple[str, int]:
    top, bottom = (latex(a) for a in node.args)
    return rf"\frac{{{top}}}{{{bottom}}}", _POWER


def _neg(node: Node) -> tuple[str, int]:
    return f"-{_in(node.args[0], _PRODUCT)}", _SUM


def _pow(node: Node) -> tuple[str, int]:
    base, exponent = node.args
    tight = base.op in ("sym", "const") or (base.op == "num" and base.value.q == 1 and base.value >= 0)
    text = latex(base) if tight else rf"\left({latex(base)}\right)"
    return f"{text}^{{{latex(exponent)}}}", _POWER


def _root(node: Node) -> tuple[str, int]:
    x, index = node.args
    square = index == Node("num", (), fmpq(2))
    return rf"\sqrt{{{latex(x)}}}" if square else rf"\sqrt[{latex(index)}]{{{latex(x)}}}", _ATOM


def _function(node: Node) -> tuple[str, int]:
    name, args = str(node.value), node.args
    if name == "abs":
        return rf"\left|{latex(args[0])}\right|", _ATOM
    if name == "norm":
        return rf"\left\|{latex(args[0])}\right\|", _ATOM
    if name in ("floor", "ceil"):
        return rf"\l{name}{{}}".replace("{}", " ") + latex(args[0]) + rf" \r{name}", _ATOM
    if name == "binom":
        return rf"\binom{{{latex(args[0])}}}{{{latex(args[1])}}}", _ATOM
    if name == "mod":
        return rf"{_in(args[0], _ATOM)} \bmod {_in(args[1], _ATOM)}", _SUM
    inside = ", ".join(latex(a) for a in args)
    if name == "log":
        return rf"\ln\left({inside}\right)", _POWER
    command = f"\\{name}" if name in _COMMAND_FUNCTIONS else rf"\operatorname{{{name}}}"
    return rf"{command}\left({inside}\right)", _POWER


def _application(node: Node) -> tuple[str, int]:
    name, inside = str(node.value), ", ".join(latex(a) for a in node.args)
    if name == DERIVATIVE:
        body, variable, times = node.args
        order = "" if times.value == 1 else f"^{{{latex(times)}}}"
        return rf"\frac{{d{order}}}{{d {latex(variable)}{order}}} {_in(body, _ATOM)}", _PRODUCT
    if name == "'":
        return f"{_in(node.args[0], _ATOM)}'", _ATOM
    if name.endswith("_"):
        return f"{name}{{{inside}}}", _ATOM
    if len(name) > 2 and name.isalpha():
        return rf"\{name}{{{inside}}}", _ATOM
    return rf"{_symbol(name)}\left({inside}\right)", _ATOM


def _factorial(node: Node) -> tuple[str, int]:
    return f"{_in(node.args[0], _ATOM)}{node.value or '!'}", _POWER


def _degree(node: Node) -> tuple[str, int]:
    return rf"{_in(node.args[0], _ATOM)}^{{\circ}}", _POWER


def _percent(node: Node) -> tuple[str, int]:
    return rf"{_in(node.args[0], _ATOM)}\%", _POWER


def _sign(node: Node) -> tuple[str, int]:
    left, right = node.args
    mark = r"\pm" if node.value == "±" else r"\mp"
    first = "" if left == Node("num", (), fmpq(0)) else _in(left, _SUM) + " "
    return f"{first}{mark} {_in(right, _PRODUCT)}", _SUM


def _based(node: Node) -> tuple[str, int]:
    n, base = node.args[0].value, int(node.value)
    if n.q != 1:
        return _number(n)
    digits, k = "", int(n.p)
    while k or not digits:
        k, d = divmod(k, base)
        digits = _DIGITS[d] + digits
    return rf"{digits}_{{{base}}}" if digits.isdigit() else rf"\text{{{digits}}}_{{{base}}}", _ATOM


def _series(node: Node) -> tuple[str, int]:
    variable, low, high, body = node.args
    command = "sum" if node.op == "sum" else "prod"
    return rf"\{command}_{{{latex(variable)}={latex(low)}}}^{{{latex(high)}}} {_in(body, _POWER)}", _SUM


def _integral(node: Node) -> tuple[str, int]:
    variable, low, high, body = node.args
    return rf"\int_{{{latex(low)}}}^{{{latex(high)}}} {_in(body, _PRODUCT)} \, d{latex(variable)}", _SUM


def _limit(node: Node) -> tuple[str, int]:
    variable, at, body = node.args
    side = {0: "", 1: "^{+}", -1: "^{-}"}[int(node.value or 0)]
    return rf"\lim_{{{latex(variable)} \to {latex(at)}{side}}} {_in(body, _POWER)}", _SUM


def _enclosed(left: str, right: str):  # noqa: ANN202
    def write(node: Node) -> tuple[str, int]:
        return left + ", ".join(latex(a) for a in node.args) + right, _ATOM

    return write


def _list(node: Node) -> tuple[str, int]:
    joint = {"and": r" \text{ and } ", "or": r" \text{ or } "}.get(str(node.value), ", ")
    return joint.join(latex(a) for a in node.args), _SUM


def _interval(node: Node) -> tuple[str, int]:
    return rf"\left{node.value[0]}{latex(node.args[0])}, {latex(node.args[1])}\right{node.value[1]}", _ATOM


def _builder(node: Node) -> tuple[str, int]:
    return rf"\left\{{ {latex(node.args[0])} \mid {latex(node.args[1])} \right\}}", _ATOM


def _matrix(node: Node) -> tuple[str, int]:
    rows = r" \\ ".join(" & ".join(latex(c) for c in row.args) for row in node.args)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}", _ATOM


def _cases(node: Node) -> tuple[str, int]:
    rows = r" \\ ".join(" & ".join(latex(c) for c in row.args) for row in node.args)
    return rf"\begin{{cases}} {rows} \end{{cases}}", _ATOM


def _relation(node: Node) -> tuple[str, int]:
    text = latex(node.args[0])
    for op, a in zip(str(node.value).split(), node.args[1:], strict=True):
        text += f" {_RELATIONS.get(op, op)} {latex(a)}"
    return text, _SUM


def _congruence(node: Node) -> tuple[str, int]:
    x, r, m = node.args
    return rf"{latex(x)} \equiv {latex(r)} \pmod{{{latex(m)}}}", _SUM


def _residue(node: Node) -> tuple[str, int]:
    return rf"{latex(node.args[0])} \pmod{{{latex(node.args[1])}}}", _SUM


def _ratio(node: Node) -> tuple[str, int]:
    return " : ".join(_in(a, _SUM) for a in node.args), _SUM


def _quantity(node: Node) -> tuple[str, int]:
    value, unit = node.args[0], str(node.value)
    if unit == "°":
        return rf"{_in(value, _ATOM)}^{{\circ}}", _POWER
    if unit in ("$", "€", "£", "¥"):
        return (rf"\{unit}" if unit == "$" else unit) + _in(value, _PRODUCT), _PRODUCT
    return rf"{_in(value, _PRODUCT)}\text{{ {unit}}}", _PRODUCT


def _date(node: Node) -> tuple[str, int]:
    year, month, day = (int(k) for k in node.value)
    text = _MONTHS[month - 1] + (f" {day}" if day else "") + (f", {year}" if year else "")
    return rf"\text{{{text}}}", _ATOM


_WRITERS = {
    "add": _add, "mul": _mul, "div": _div, "neg": _neg, "pow": _pow, "root": _root, "fn": _function,
    "app": _application, "fact": _factorial, "deg": _degree, "pct": _percent, "pm": _sign, "base": _based,
    "sum": _series, "prod": _series, "int": _integral, "lim": _limit, "list": _list, "interval": _interval,
    "setb": _builder, "matrix": _matrix, "cases": _cases, "rel": _relation, "mod": _congruence, "residue": _residue,
    "ratio": _ratio, "quantity": _quantity, "date": _date,
    "tuple": _enclosed(r"\left(", r"\right)"), "set": _enclosed(r"\left\{", r"\right\}"),
    "bracket": _enclosed(r"\left[", r"\right]"),
}  # fmt: skip
