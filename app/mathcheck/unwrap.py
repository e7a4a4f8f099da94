"""Take the wrapping off a bare answer: delimiters, boxes, fonts, the full stop at the end."""

import re
from functools import lru_cache

from app.mathcheck.braces import closing
from app.mathcheck.clean import clean
from app.mathcheck.limits import MAX_ANSWER_CHARS

_ESCAPED = re.compile(r"\\\\(?=[A-Za-z])")
_PAIRS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("`", "`"),
    ('"', '"'),
    ("\\\\[", "\\\\]"),
    ("\\\\(", "\\\\)"),
)
_FONT = re.compile(r"\\(?:boldsymbol|mathbf|bm|pmb|boxed|fbox|mathrm|text|textbf|textit|mbox|displaystyle)\s*(?={)")
_DECLARATION = re.compile(r"\\(?:displaystyle|textstyle|bf|rm|it)\b\s*")
_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox|mathrm|mathbf|emph|underline)\s*\{([^{}]*)\}")
_OPENING = frozenset('$\\*`"=-→⇒∴')
"""First characters of the delimiters, and of what leads in an answer."""
_ENDS = ("\\!", "\\noindent", "\\blacksquare", "\\square", "\\qed", "\\\\", "\\")


_LEADING = re.compile(
    r"(?:\\(?:[Ll]ong)?[Rr]ightarrow|\\implies|\\therefore|\\to\b|=>|->|→|⇒|∴|=(?!=)|\\ |\\quad\b|\\displaystyle\b)\s*"
)
_GROUPED = re.compile(r"\{(\d{1,3}(?:,\d{3})+(?:\.\d+)?)\}")


_LOCALE = re.compile(r"([-+]?)(\d{1,3}(?:([ '])\d{3})(?:\3\d{3})*)(?:[.,](\d+))?")


def _in_one_locale(text: str) -> str:
    """`1 000,5` and `1'000.5`: separators that can't be anything else, taken out."""
    m = _LOCALE.fullmatch(text)
    if m is None or (m[3] == " " and m[4] is None):
        return text
    return m[1] + m[2].replace(m[3], "") + (f".{m[4]}" if m[4] else "")


@lru_cache(maxsize=256)
def strip(text: str) -> str:
    """An answer without the delimiters, boxes and full stops around it, in ASCII and LaTeX commands.

    Remembered, since one comparison asks for it several times.
    """
    text = text.replace("{:}", ":") if "{:}" in text else text
    text = clean(_ESCAPED.sub(r"\\", text) if "\\\\" in text and "begin" not in text else text).strip()
    while True:
        before = text
        if text[:1] in _OPENING:
            text = _without_delimiters(text)
            if m := _LEADING.match(text):
                text = text[m.end() :]
        text = text.rstrip(" ;:")
        if text[:1] == "~" == text[-1:]:  # ties of LaTeX on both sides; one before a value says "about"
            text = text.strip("~ ")
        if text.startswith("\\"):
            text = _without_font(text)
        elif text.startswith("{") and (m := _GROUPED.fullmatch(text)):
            text = m[1]
        if text.endswith((".", ",")) and not text.endswith(("..", "\\,")):
            text = text[:-1].rstrip()
        if text.endswith(_ENDS):
            for end in _ENDS:
                text = text.removesuffix(end).strip()
        text = text.strip()
        if text == before:
            return _in_one_locale(text) if text[-1:].isdigit() else text


def _without_delimiters(text: str) -> str:
    for left, right in _PAIRS:
        if text.startswith(left) and text.endswith(right) and len(text) > len(left) + len(right):
            inner = text[len(left) : -len(right)]
            if left not in inner:
                text = inner.strip()
    return text


def _without_font(text: str) -> str:
    """Without a font command that holds the whole answer; words stay marked as such."""
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text
    m = _FONT.match(text)
    if m is None or closing(text, m.end(), MAX_ANSWER_CHARS) != len(text):
        return text
    inner = text[m.end() + 1 : -1].strip()
    return inner if re.search(r"[\d\\]", inner) and inner else text


def as_prose(text: str) -> str:
    """The text with the content of `\\text{…}` and its like in place of the command."""
    return _TEXT.sub(r" \1 ", text) if "\\" in text else text
