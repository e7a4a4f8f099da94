"""Bring an answer's characters to one alphabet: ASCII and LaTeX commands, in linear time."""

# ruff: noqa: E501  (word tables)

import re

_SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ", "0123456789+-ni", strict=True))
_SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₙ", "0123456789+-n", strict=True))
_VULGAR = {
    "½": "12", "⅓": "13", "⅔": "23", "¼": "14", "¾": "34", "⅕": "15", "⅖": "25", "⅗": "35", "⅘": "45",
    "⅙": "16", "⅚": "56", "⅛": "18", "⅜": "38", "⅝": "58", "⅞": "78",
}  # fmt: skip
_GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"], strict=True))  # fmt: skip
_OTHER = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "×": r"\times ", "÷": r"\div ", "·": r"\cdot ", "⋅": r"\cdot ",
    "∙": r"\cdot ", "∗": "*", "√": r"\surd ", "∛": r"\cbrt ", "∞": r"\infty ", "≤": r"\le ", "⩽": r"\le ",
    "≥": r"\ge ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "≡": r"\equiv ", "±": r"\pm ", "∓": r"\mp ",
    "∈": r"\in ", "∪": r"\cup ", "∩": r"\cap ", "∅": r"\emptyset ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "°": r"^\circ ", "º": r"^\circ ", "′": "'",
    "’": "'", "∠": r"\angle ", "△": r"\triangle ", "→": r"\to ", "…": r"\ldots ", "⌊": r"\lfloor ",
    "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "⟨": r"\langle ", "⟩": r"\rangle ", "∑": r"\sum ",
    "∏": r"\prod ", "∫": r"\int ", "∖": r"\setminus ", "⁄": "/", "∕": "/", "∶": ":", "、": ",", "。": ".",
    "«": "", "»": "", "≢": r"\not\equiv ", "℃": r"^\circ C", "℉": r"^\circ F", "∉": r"\notin ", "“": '"', "”": '"',
}  # fmt: skip
_SPACES = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\r\n"
_INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2066\u2067\u2068\u2069\ufeff"
)

_table: dict[int, str] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_table |= {ord(c): f" \\frac{{{f[0]}}}{{{f[1]}}}" for c, f in _VULGAR.items()}
_table |= {ord(c): f"\\{name} " for c, name in _GREEK.items()}
_table |= {ord(c): text for c, text in _OTHER.items()}
_table |= {ord(c): " " for c in _SPACES}
_table |= {ord(c): "" for c in _INVISIBLE}
_SUPER_RUN = re.compile(f"[{''.join(_SUPER)}]+")
_SUB_RUN = re.compile(f"[{''.join(_SUB)}]+")


_LOOKALIKES = {ord(c): latin for c, latin in zip("аеіјоорсѕухԁһο", "aeijoopcsyxdho", strict=True)}
_LOOKALIKE = re.compile(f"[{''.join(map(chr, _LOOKALIKES))}]")
_RUN = re.compile(r"[^\W\d_]+")


def unmixed(text: str) -> str:
    """With Latin letters in place of those that only look so, in words that have both: "n\u043et" is "not"."""
    if text.isascii() or not _LOOKALIKE.search(text):
        return text
    return _RUN.sub(lambda m: _latin(m[0]), text)


def _latin(word: str) -> str:
    mixed = not word.isascii() and any(c.isascii() for c in word)
    return word.translate(_LOOKALIKES) if mixed else word


def clean(text: str) -> str:
    """The same answer in ASCII and LaTeX commands; characters without a counterpart stay."""
    if text.isascii():
        return text.replace("\t", " ").replace("\n", " ").replace("\r", " ")
    text = unmixed(text)
    text = _SUPER_RUN.sub(lambda m: "^{" + "".join(_SUPER[c] for c in m[0]) + "}", text)
    text = _SUB_RUN.sub(lambda m: "_{" + "".join(_SUB[c] for c in m[0]) + "}", text)
    return text.translate(_table)
