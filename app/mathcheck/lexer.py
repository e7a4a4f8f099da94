"""Tokens of LaTeX and plain mathematics, in one pass."""

import re
from typing import NamedTuple

from app.mathcheck.lexicon import (
    CONNECTIVES,
    CONSTANTS,
    DROPPED,
    EMPTY_WORDS,
    FUNCTIONS,
    GREEK,
    MONTHS,
    OPERATORS,
    PLAIN_OPERATORS,
    REAL_WORDS,
    SKIPPED_ARGUMENT,
    STRUCTURE,
    TEXT,
    UPRIGHT,
    WORD_CONSTANTS,
    WORDS,
)
from app.mathcheck.limits import MAX_DIGITS, MAX_EXPONENT_DIGITS, MAX_SHIFTS, MAX_TOKENS, TooComplex, Unparsable
from app.mathcheck.numerals import is_number_words
from app.mathcheck.units import lookup


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
  | (?P<based>(?:\d{1,80}[A-Za-z][\dA-Za-z]{0,80}|[A-F][\dA-F]{1,80}|\([\dA-F]{1,80}\))_(?:\{\d\d\}|\d\d(?!\d))
             |[a-f][\da-f]{1,80}_\{16\})
  | (?P<group>\d{1,3}(?:(?:\\,|\ ?\{,\ ?\}\ ?|,\\!\ ?|,\ \\!\ ?|\\!,(?:\\!)?|\\\ |\ )\d{3}(?!\d))+(?:\.\d+)?)
  | (?P<us>[1-9]\d{0,2}(?:,\d{3}(?!\d))+(?:\.\d+)?|[1-9]\d?(?:,\d\d)+,\d{3}(?![\d,])(?:\.\d+)?)
  | (?P<eu>\d{1,3}(?:\.\d{3}(?!\d))+,\d+|\d{1,3}(?:\.\d{3}(?!\d)){2,})
  | (?P<deccomma>\d+,\d+(?![,\d]))
  | (?P<repeat>\d*\.\d*(?:\(\d+\)|\\(?:overline|bar|dot)\s*\{\d+\}|\\(?:overline|bar|dot)\s*\d)
      (?:\d*\\dot\s*(?:\{\d\}|\d))?)
  | (?P<sci>(?:\d+(?:\.\d*)?|\.\d+)[eE][+-]?\d+)
  | (?P<num>\d+(?:\.\d+)?|\.\d+)
  | (?P<times>[xX](?=\ ?10\ ?\^))
  | (?P<cmd>\\(?:[A-Za-z]+|.))
  | (?P<word>[A-Za-z]+)
  | (?P<op>\.\.\.+|<=|>=|!=|==|->|=>|\*\*|<>|[^A-Za-z0-9\s\\])
""",
    re.X | re.S,
)


_DEPTHS = {"{": 1, "[": 1, "}": -1, "]": -1, ")": -1}
_SINGLE = frozenset("^{}[])+/_,")
"""Signs that begin no longer token: told from one look, without the patterns."""
_SIMPLE = re.compile(r"(?P<num>\d+)|(?P<word>[A-Za-z]+)|(?P<op>.)", re.S)
_DIGITS_AND_BASE = re.compile(r"\(?([\dA-Za-z]+)\)?_\{?(\d\d)\}?")
_BASE_BEHIND = re.compile(r"\s*_(?:\{\s*(\d\d)\s*\}|(\d\d)(?!\d))")
_VALUE_IN_TEXT = re.compile(r"[-+]?\$?\d[\d.,/ ]*[A-Za-z%°/^ ]*")
_MODULUS_IN_TEXT = re.compile(r"\(?\s*mod\b[\s\d]*\)?")


def _based(raw: str) -> str | None:
    """`1F_{16}` as `1F_16`; None if the letters are no digits of that base, as in `2x_{12}`."""
    m = _DIGITS_AND_BASE.fullmatch(raw)
    if m is None or not 11 <= int(m[2]) <= 36:
        return None
    digits, base = m[1], int(m[2])
    if digits.isdigit() or (base != 16 and not digits.isupper()):
        return None
    return f"{digits}_{base}" if all(int(c, 36) < base for c in digits) else None


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


def _shift(raw: str, position: int) -> int:
    """Places by which `1e400` shifts the point."""
    exponent = raw.lower().partition("e")[2].lstrip("+-0") or "0"
    if len(exponent) > MAX_EXPONENT_DIGITS:
        raise TooComplex("exponent too large", position)
    return int(exponent)


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
    powers = 0
    while pos < n:
        c = text[pos]
        if c in _SINGLE and len(out) <= MAX_TOKENS:
            depth += _DEPTHS.get(c, 0)
            out.append(Token("op", c, pos, spaced))
            pos += 1
            spaced = False
            continue
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
        if kind == "based":
            numeral = _based(raw)
            if numeral is not None:
                out.append(Token("based", numeral, start, spaced))
                spaced = False
                continue
            m = _SIMPLE.match(text, start)
            assert m is not None
            kind, raw, pos = m.lastgroup or "", m[0], m.end()
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
            elif kind == "sci":
                powers += _shift(raw, start)
                if powers > MAX_SHIFTS:
                    raise TooComplex("exponents too large", start)
            out.append(Token("num", raw, start, spaced))
        elif kind == "times":
            scientific = bool(out) and out[-1].kind == "num"
            out.append(Token("op", "*", start, spaced) if scientific else Token("sym", raw, start, spaced))
        elif kind == "cmd":
            name = raw[1:]
            pos = _command(name, text, start, pos, spaced, out)
            if name == "{":
                depth += 1
            elif name == "}":
                depth -= 1
        elif kind == "word":
            _word(raw, text[pos : pos + 8], start, spaced, out)
        else:
            if raw in "([{":
                depth += 1
            elif raw in ")]}":
                depth -= 1
            out.append(Token("op", "…" if raw.startswith("..") else PLAIN_OPERATORS.get(raw, raw), start, spaced))
        spaced = False
    out.append(Token("end", "", n, spaced))
    return out


def _command(name: str, text: str, start: int, pos: int, spaced: bool, out: list[Token]) -> int:
    if name in TEXT:
        while pos < len(text) and text[pos] == " ":
            pos += 1
        if pos < len(text) and text[pos] == "{":
            end = braced(text, pos)
            if end < 0:
                raise Unparsable("unbalanced brace", pos)
            content = text[pos + 1 : end - 1].strip().strip("$").strip()
            base = _BASE_BEHIND.match(text, end)
            numeral = _based(f"{content}_{base[1] or base[2]}") if base and content.isalnum() else None
            if base and numeral:
                out.append(Token("based", numeral, start, spaced))
                return base.end()
            _text(content, name in UPRIGHT, text[end : end + 8], start, spaced, out)
            return end
        return pos
    if name in SKIPPED_ARGUMENT:
        if text[pos : pos + 1] == "{":
            end = braced(text, pos)
            if end < 0:
                raise Unparsable("unbalanced brace", pos)
            return end
        raise Unparsable(f"\\{name} without argument", start)
    if name in DROPPED:
        return _sized(name, text, start, pos, spaced, out)
    if name == "\\":
        out.append(Token("op", "\\\\", start, spaced))
    elif name in OPERATORS:
        out.append(Token("op", OPERATORS[name], start, spaced))
    elif name in CONSTANTS:
        out.append(Token("const", CONSTANTS[name], start, spaced))
    elif name in FUNCTIONS:
        out.append(Token("fn", name, start, spaced))
    elif name in ("top", "intercal"):  # the sign of a transposed matrix
        out.append(Token("sym", "T", start, spaced))
    elif name in GREEK:
        out.append(Token("sym", name.replace("var", ""), start, spaced))
    elif name in STRUCTURE:
        out.append(Token("cmd", name, start, spaced))
    else:
        raise Unparsable(f"unknown command \\{name[:40]}", start)
    return pos


def _sized(name: str, text: str, start: int, pos: int, spaced: bool, out: list[Token]) -> int:
    r"""A command of layout; `\left|` and `\right|` say which bar opens and which closes."""
    if name in ("left", "right") and text[pos : pos + 1] == ".":
        return pos + 1
    side = "l" if name == "left" or name.endswith("l") else "r" if name == "right" or name.endswith("r") else ""
    if side and text[pos : pos + 1] == "|":
        out.append(Token("op", side + "|", start, spaced))
        return pos + 1
    return pos


def _text(inner: str, upright: bool, behind: str, start: int, spaced: bool, out: list[Token]) -> None:
    low = inner.lower().strip(" ,.")
    if low in CONNECTIVES:
        out.append(Token("op", low, start, True))
    elif low in FUNCTIONS and not _is_unit(low, behind):
        out.append(Token("fn", low, start, spaced))
    elif inner in WORD_CONSTANTS:
        out.append(Token("const", WORD_CONSTANTS[inner], start, spaced))
    elif low in REAL_WORDS or low in EMPTY_WORDS:
        out.append(Token("const", "reals" if low in REAL_WORDS else "empty", start, spaced))
    elif len(inner) == 1 and inner.isascii() and inner.isalpha():
        # An upright letter behind a number is a unit, as a letter behind a space is.
        out.append(Token("sym", inner, start, spaced or upright))
    elif inner and (
        re.fullmatch(r"[-+\d.,/() ]+|\(?[A-Z]\)?(?:\s*,\s*\(?[A-Z]\)?)*", inner)
        or (len(inner) < 60 and (_VALUE_IN_TEXT.fullmatch(inner) or _MODULUS_IN_TEXT.fullmatch(inner)))
        or is_number_words(low)
        or (len(inner) < 30 and inner[-1].isdigit() and low.partition(" ")[0].rstrip(".") in MONTHS)
    ):
        out.extend(t._replace(pos=start) for t in tokenize(inner)[:-1])
    elif inner:
        out.append(Token("text", inner, start, True))


def _is_unit(low: str, behind: str) -> bool:
    """Whether `min` or `sec` is a minute or a second: nothing that it could be applied to follows."""
    rest = behind.lstrip(" ,;~$").removeprefix("\\ ")
    return (
        low in ("min", "sec") and (not rest or rest[0] not in "([{_^\\|") and not (low == "sec" and rest[:1].isalnum())
    )


def _word(raw: str, behind: str, start: int, spaced: bool, out: list[Token]) -> None:
    low = raw.lower()
    if low in CONNECTIVES:
        out.append(Token("op", low, start, True))
    elif raw in WORD_CONSTANTS:
        out.append(Token("const", WORD_CONSTANTS[raw], start, spaced))
    elif low in FUNCTIONS and len(raw) > 1 and not _is_unit(low, behind):
        out.append(Token("fn", low, start, spaced))
    elif raw in ("sqrt", "cbrt", "binom", "mod", "lim", "sum", "prod", "int"):
        out.append(Token("cmd", raw, start, spaced))
    elif raw in GREEK or len(raw) == 1:
        out.append(Token("sym", raw, start, spaced))
    elif is_product(raw) and not lookup(raw):
        out.append(Token("sym", raw[0], start, spaced))
        out.extend(Token("sym", c, start + k, False) for k, c in enumerate(raw[1:], 1))
    else:
        out.append(Token("word", raw, start, spaced))


def is_product(word: str) -> bool:
    """Whether a run of letters is a product of variables rather than a word."""
    return (len(word) <= 3 and word.lower() not in WORDS) or (word.isupper() and len(word) <= 4)
