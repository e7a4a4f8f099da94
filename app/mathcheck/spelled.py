r"""Values that are spelled otherwise: `3\text{ to }2`, `USD 12`, `5 ft 6 in`, "all reals except 2", `k ∈ Z`."""

import re

from app.mathcheck.foreign import in_own_words
from app.mathcheck.numerals import in_figures
from app.mathcheck.units import lookup
from app.mathcheck.unwrap import as_prose

_TO = re.compile(r"\\(?:text|mathrm)\{\s*to\s*\}")
_MONEY_CODE = re.compile(r"(?<![A-Za-z\\{])(USD|EUR|GBP|CNY|RMB)\s?(\d[\d,.]*)")
_REALS_BUT = re.compile(
    r"(?:(?:the set of )?(?:all|any) )?(?:the )?(?:real numbers|reals|real values|real number)(?: (?:of )?\$?x\$?)?,? "
    r"(?:except|excluding|other than|but not|besides|not equal to)(?: for)?(?: \$?x ?=)? ?"
    r"\$?([-\d][^a-z]*(?: and [-\d][^a-z]*)?)\$?",
    re.I,
)
_CHANCE = re.compile(r"(\d{1,9}) (?:out of|in)(?: every)? (\d{1,9})")
_LENGTH = r"(\d{1,9}(?:\.\d{1,9})?)\s?(?:\\ |\\,)?(?:\\(?:text|mathrm)\{\s?)?([A-Za-z]{1,12})\.?\s?\}?"
_COMPOUND = re.compile(rf"{_LENGTH}(?:\\ |\\,|\s)?(?:(?:,|and|, and|\\text\{{ ?and ?\}})\s)?\s?{_LENGTH}")
_UNIT_IN_BRACKETS = re.compile(
    r"(?<=[\d}])(?:\s|\\[ ,;])*\(\s?(?:\\(?:text|mathrm)\{\s?)([A-Za-z][A-Za-z /^23]{0,30})\s?\}\s?\)\Z"
)
_PLAIN_SET = re.compile(r"(?<![A-Za-z\\])([a-z])\s?\\in\s?([ZNRQ])(?![A-Za-z\d_^'(+*])")
"""`k ∈ Z`, with a plain letter for the set."""
_NAMED_DOMAIN = re.compile(
    r",?(?:\s|\\[ ,;]|\\q?quad)*\(\s?([a-z])\s?\\in\s?(?:\\(?:mathbb|mathbf|Bbb|bf)\s?\{?\s?)?([ZNRQ])\s?\}?\s?\)\Z"
)
"""`kπ (k ∈ ℤ)`: the domain of a parameter in brackets."""
_SAID_TWICE = re.compile(r"(\d{1,9})\s?\(\s?([A-Za-z][A-Za-z -]{1,60})\)")
"""`15 (fifteen)`."""
_PARTS = 4
"""Groups of a compound: two numbers, two units."""
SHORT = 100
"""Characters of a text that may be one value in words."""


def spelled(text: str) -> str:
    """The text in the grammar's own words, where it is one of these."""
    if not text.isascii():
        text = in_own_words(text)
    if len(text) <= SHORT:
        if "real" in text and (m := _REALS_BUT.fullmatch(" ".join(as_prose(text).split()))):
            return f"\\mathbb{{R}}\\setminus\\{{{m[1]}\\}}"
        if text[:1].isdigit() and not text.isdigit():
            if m := _CHANCE.fullmatch(text) or _COMPOUND.fullmatch(text):
                text = (_compound(m) or text) if m.lastindex == _PARTS else f"{m[1]}/{m[2]}"
            elif text[-1] == ")" and (m := _SAID_TWICE.fullmatch(text)) and in_figures(m[2]) == m[1]:
                text = m[1]
        if "\\in" in text:
            text = _NAMED_DOMAIN.sub(r", \1 \\in \\mathbb{\2}", _PLAIN_SET.sub(r"\1\\in \\mathbb{\2}", text))
        if text.endswith("})"):
            text = _UNIT_IN_BRACKETS.sub(r"\\text{ \1}", text)
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
