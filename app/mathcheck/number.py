"""Reads numbers as people write them, as exact rationals."""

import re
from fractions import Fraction

MAX_CHARS = 2_000
"""Longest number read: beyond any real answer, and far below where big integers get slow."""
_DIGITS = r"(?:\d{1,3}(?:[,\u202f\u00a0 ]\d{3})+|\d+)"
_DECIMAL = re.compile(rf"({_DIGITS})?(?:\.(\d+))?")
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{\s*([-+]?\d+)\s*\}|(\d))\s*(?:\{\s*([-+]?\d+)\s*\}|(\d))")
_MIXED = re.compile(r"(\d+)\s*(?:\\[dt]?frac\{(\d+)\}\{(\d+)\}|\s(\d+)/(\d+))")
_NOISE = re.compile(r"\\(?:left|right|,|;|!|\s|text\{\s*\})|~|\{,\}")
_CURRENCY = re.compile(r"\\?[$€£¥]|USD|US\\?\$")
_UNIT = re.compile(r"\s*(?:\\text\s*\{\s*|\\mathrm\s*\{\s*)?([A-Za-z]+(?:\s[A-Za-z]+)?)\.?\s*\}?$")
_NOT_UNITS = frozenset(
    [
        "or",
        "and",
        "not",
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "dozen",
        "percent",
        "e",
        "i",
        "x",
        "y",
        "n",
        "pi",
        "sqrt",
    ]
)


def read(text: str, *, percent: bool = True) -> Fraction | None:
    """The value of a number: integer, decimal, fraction, mixed number, percentage, money, with a unit word or none.

    None if the text is no number, or a longer one than MAX_CHARS.
    """
    if len(text) > MAX_CHARS:
        return None
    text = _CURRENCY.sub("", _NOISE.sub(lambda m: "," if m[0] == "{,}" else " ", text.strip("$ \t\n"))).strip()
    text = text.replace("−", "-").removesuffix(".").strip()
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("-+").strip() if text[:1] in "-+" and text[1:2] not in "-+" else text
    unit = _UNIT.search(text)
    if unit and unit.start() and not _NOT_UNITS & set(unit[1].lower().split()):
        text = text[: unit.start()]
    scale = 1
    if text.endswith("%"):
        if not percent:
            return None
        text, scale = text.removesuffix("%").removesuffix("\\").strip(), 100
    value = _mixed(text) or _plain(text)
    return None if value is None else sign * value / scale


def _mixed(text: str) -> Fraction | None:
    match = _MIXED.fullmatch(text)
    if match is None:
        return None
    whole, top, bottom = match[1], match[2] or match[4], match[3] or match[5]
    return int(whole) + Fraction(int(top), int(bottom)) if int(bottom) else None


def _plain(text: str) -> Fraction | None:
    match = _FRACTION.fullmatch(text)
    if match:
        top, bottom = int(match[1] or match[2]), int(match[3] or match[4])
        return Fraction(top, bottom) if bottom else None
    top, slash, bottom = text.partition("/")
    value = _decimal(top.strip())
    if not slash or value is None:
        return value
    divisor = _decimal(bottom.strip())
    return value / divisor if divisor else None


def _decimal(text: str) -> Fraction | None:
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return None
    digits = re.sub(r"\D", "", match[1] or "0")
    decimals = match[2] or ""
    return Fraction(int(digits + decimals), 10 ** len(decimals))
