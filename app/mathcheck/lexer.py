"""Tokens of LaTeX and plain mathematics, in one pass."""

import re
from typing import NamedTuple

from app.mathcheck.limits import MAX_DIGITS, MAX_TOKENS, TooComplex, Unparsable


class Token(NamedTuple):
    kind: str
    """num, sym, fn, word, text, cmd, or op; `end` closes the list."""
    text: str
    pos: int
    spaced: bool
    """White space stands before it."""


_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s|~|\\[,;:!>\ ]|\\q?quad|&(?=\s*=))+)
  | (?P<hex>0x[0-9A-Fa-f]+|0b[01]+|0o[0-7]+)
  | (?P<group>\d{1,3}(?:(?:\\,|\ ?\{,\ ?\}\ ?|,\\!\ ?|,\ \\!\ ?|\\\ |\ )\d{3}(?!\d))+(?:\.\d+)?)
  | (?P<us>[1-9]\d{0,2}(?:,\d{3}(?!\d))+(?:\.\d+)?)
  | (?P<eu>\d{1,3}(?:\.\d{3}(?!\d))+,\d+|\d{1,3}(?:\.\d{3}(?!\d)){2,})
  | (?P<deccomma>\d+,\d+(?![,\d]))
  | (?P<repeat>\d*\.\d*(?:\(\d+\)|\\overline\s*\{\d+\}|\\overline\s*\d|\\dot\{\d\}))
  | (?P<sci>(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+)
  | (?P<num>\d+(?:\.\d+)?|\.\d+)
  | (?P<cmd>\\(?:[A-Za-z]+|.))
  | (?P<word>[A-Za-z]+)
  | (?P<op>\.\.\.+|<=|>=|!=|==|->|=>|\*\*|<>|[^A-Za-z0-9\s\\])
""",
    re.X | re.S,
)
_OPS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "pm": "±", "mp": "∓", "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=",
    "approx": "≈", "simeq": "≈", "equiv": "≡", "in": "∈", "cup": "∪", "cap": "∩", "setminus": "∖",
    "backslash": "∖", "to": "→", "rightarrow": "→", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|",
    "colon": ":", "{": "s{", "}": "s}", "lbrace": "s{", "rbrace": "s}", "langle": "⟨", "rangle": "⟩",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "%": "%", "$": "$", "circ": "∘", "degree": "°",
    "Vert": "‖", "|": "‖", "lVert": "‖", "rVert": "‖", "prime": "'", "ldots": "…", "dots": "…", "cdots": "…",
    "lor": "or", "vee": "or", "land": "and", "wedge": "and", "lbrack": "[", "rbrack": "]", "dotsc": "…", "&": "&",
    "#": "#", "_": "_", "cdotp": "*", "bullet": "*", "longrightarrow": "→", "mapsto": "→", "sim": "≈",
}  # fmt: skip
_PLAIN_OPS = {"**": "^", "==": "=", "<>": "!=", "->": "→", "=>": ">="}
_DROP = frozenset(
    [
        "left",
        "right",
        "big",
        "Big",
        "bigg",
        "Bigg",
        "bigl",
        "bigr",
        "Bigl",
        "Bigr",
        "biggl",
        "biggr",
        "displaystyle",
        "textstyle",
        "limits",
        "nolimits",
        "boxed",
        "fbox",
        "mathstrut",
        "strut",
        "rm",
        "bf",
        "it",
        "hfill",
        "noindent",
        "ensuremath",
        "scriptstyle",
        "middle",
    ]
)
_SKIP_ARGUMENT = frozenset(
    ["phantom", "hphantom", "vphantom", "hspace", "vspace", "label", "tag", "color", "textcolor", "hskip"]
)
_TEXT = frozenset(
    [
        "text",
        "mathrm",
        "textbf",
        "mathbf",
        "textit",
        "mathit",
        "textrm",
        "mbox",
        "hbox",
        "textnormal",
        "textsf",
        "mathsf",
        "texttt",
        "mathtt",
        "operatorname",
        "boldsymbol",
        "bm",
        "emph",
        "underline",
        "textup",
        "mathcal",
        "mathfrak",
        "mathscr",
        "mathnormal",
        "pmb",
    ]
)
FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "arccot",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "ln",
        "log",
        "lg",
        "exp",
        "abs",
        "floor",
        "ceil",
        "max",
        "min",
        "gcd",
        "lcm",
        "Re",
        "Im",
        "arg",
        "det",
        "erf",
        "sgn",
    ]
)
GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
        "ell",
        "hbar",
    ]
)
_CONSTS = {"pi": "pi", "infty": "inf", "emptyset": "empty", "varnothing": "empty", "i": "i"}
_WORD_CONSTS = {"pi": "pi", "infinity": "inf", "inf": "inf", "oo": "inf", "Infinity": "inf"}
_STRUCTURE = frozenset(
    [
        "frac",
        "dfrac",
        "tfrac",
        "cfrac",
        "sqrt",
        "surd",
        "cbrt",
        "binom",
        "dbinom",
        "tbinom",
        "choose",
        "sum",
        "prod",
        "int",
        "begin",
        "end",
        "pmod",
        "bmod",
        "mod",
        "overline",
        "bar",
        "vec",
        "hat",
        "widehat",
        "tilde",
        "overrightarrow",
        "angle",
        "triangle",
        "mathbb",
        "over",
        "operatorname",
    ]
)
_CONNECT = {"and", "or"}


def braced(text: str, start: int) -> int:
    """Position after the brace that closes the one at `start`; -1 if none does."""
    depth = 0
    i = start
    n = len(text)
    while i < n:
        c = text[i]
        if c == "\\":
            i += 1
        elif c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            if not depth:
                return i + 1
        i += 1
    return -1


def tokenize(text: str, *, group: bool = True, decimal_comma: bool = False) -> list[Token]:
    """Tokens of a cleaned answer.

    `group`: `1,000` outside brackets is one thousand; `decimal_comma`: `2,74` is 2.74.
    Raises Unparsable for an unknown command, TooComplex past the bounds.
    """
    out: list[Token] = []
    pos = 0
    n = len(text)
    depth = 0
    spaced = False
    while pos < n:
        m = _TOKEN.match(text, pos)
        if m is None:
            raise Unparsable(f"unexpected {text[pos]!r}", pos)
        kind = m.lastgroup or ""
        raw = m[0]
        start, pos = pos, m.end()
        if kind == "space":
            spaced = True
            continue
        if len(out) > MAX_TOKENS:
            raise TooComplex("too many tokens", start)
        if (kind == "us" and (not group or depth)) or (kind == "deccomma" and (not decimal_comma or depth)):
            raw = raw[: raw.index(",")]
            pos = start + len(raw)
            kind = "num"
        if kind in ("group", "us", "eu", "deccomma", "sci", "num", "hex", "repeat"):
            if len(raw) > MAX_DIGITS:
                raise TooComplex("number too long", start)
            if kind in ("group", "us"):
                raw = re.sub(r"[^\d.]", "", raw)
            elif kind == "eu":
                raw = raw.replace(".", "").replace(",", ".")
            elif kind == "deccomma":
                raw = raw.replace(",", ".")
            out.append(Token("num", raw, start, spaced))
        elif kind == "cmd":
            name = raw[1:]
            pos = _command(name, text, start, pos, spaced, out)
            if name == "{":
                depth += 1
            elif name == "}":
                depth -= 1
        elif kind == "word":
            _word(raw, start, spaced, out)
        else:
            if raw in "([{":
                depth += 1
            elif raw in ")]}":
                depth -= 1
            out.append(Token("op", "…" if raw.startswith("..") else _PLAIN_OPS.get(raw, raw), start, spaced))
        spaced = False
    out.append(Token("end", "", n, spaced))
    return out


def _command(name: str, text: str, start: int, pos: int, spaced: bool, out: list[Token]) -> int:
    if name in _TEXT:
        while pos < len(text) and text[pos] == " ":
            pos += 1
        if pos < len(text) and text[pos] == "{":
            end = braced(text, pos)
            if end < 0:
                raise Unparsable("unbalanced brace", pos)
            _text(text[pos + 1 : end - 1], start, spaced, out)
            return end
        return pos
    if name in _SKIP_ARGUMENT:
        if text[pos : pos + 1] == "{":
            end = braced(text, pos)
            if end < 0:
                raise Unparsable("unbalanced brace", pos)
            return end
        raise Unparsable(f"\\{name} without argument", start)
    if name in _DROP:
        return pos + 1 if name in ("left", "right") and text[pos : pos + 1] == "." else pos
    if name == "\\":
        out.append(Token("op", "\\\\", start, spaced))
    elif name in _OPS:
        out.append(Token("op", _OPS[name], start, spaced))
    elif name in _CONSTS:
        out.append(Token("const", _CONSTS[name], start, spaced))
    elif name in FUNCTIONS:
        out.append(Token("fn", name, start, spaced))
    elif name in GREEK:
        out.append(Token("sym", name.replace("var", ""), start, spaced))
    elif name in _STRUCTURE:
        out.append(Token("cmd", name, start, spaced))
    else:
        raise Unparsable(f"unknown command \\{name[:40]}", start)
    return pos


def _text(content: str, start: int, spaced: bool, out: list[Token]) -> None:
    inner = content.strip().strip("$").strip()
    low = inner.lower().strip(" ,.")
    if low in _CONNECT:
        out.append(Token("op", low, start, True))
    elif low in FUNCTIONS:
        out.append(Token("fn", low, start, spaced))
    elif re.fullmatch(r"[A-Za-z]", inner):
        out.append(Token("text" if inner.isupper() else "sym", inner, start, spaced))
        if inner in "ei" or inner.isupper():
            out[-1] = Token("sym", inner, start, spaced)
    elif re.fullmatch(r"[-+\d.,/() ]+|\(?[A-Z]\)?(?:\s*,\s*\(?[A-Z]\)?)*", inner) and inner:
        out.extend(t._replace(pos=start) for t in tokenize(inner)[:-1])
    elif inner:
        out.append(Token("text", inner, start, True))


def _word(raw: str, start: int, spaced: bool, out: list[Token]) -> None:
    low = raw.lower()
    if low in _CONNECT:
        out.append(Token("op", low, start, True))
    elif raw in _WORD_CONSTS:
        out.append(Token("const", _WORD_CONSTS[raw], start, spaced))
    elif low in FUNCTIONS and len(raw) > 1:
        out.append(Token("fn", low, start, spaced))
    elif raw in ("sqrt", "cbrt", "binom"):
        out.append(Token("cmd", raw, start, spaced))
    elif raw in GREEK or len(raw) == 1:
        out.append(Token("sym", raw, start, spaced))
    else:
        out.append(Token("word", raw, start, spaced))
