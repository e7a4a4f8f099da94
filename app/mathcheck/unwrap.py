"""Take the wrapping off a bare answer: delimiters, boxes, fonts, the full stop at the end."""

import re

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


def strip(text: str) -> str:
    """An answer without the delimiters, boxes and full stops around it, in ASCII and LaTeX commands."""
    text = clean(_ESCAPED.sub(r"\\", text) if "begin" not in text else text).strip()
    while True:
        before = text
        for left, right in _PAIRS:
            if text.startswith(left) and text.endswith(right) and len(text) > len(left) + len(right):
                inner = text[len(left) : -len(right)]
                if left not in inner:
                    text = inner.strip()
        text = _LEADING.sub("", text, count=1) if _LEADING.match(text) else text
        text = _without_font(text.rstrip(" ;:").rstrip())
        if m := _GROUPED.fullmatch(text):
            text = m[1]
        if text.endswith((".", ",")) and not text.endswith(("..", "\\,")):
            text = text[:-1].rstrip()
        for end in _ENDS:
            text = text.removesuffix(end).strip()
        if text == before:
            return _in_one_locale(text) if text[-1:].isdigit() else text


def _without_font(text: str) -> str:
    """Without a font command that holds the whole answer; words stay marked as such."""
    if not text.startswith("\\"):
        return text
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text
    m = _FONT.match(text)
    if m is None or closing(text, m.end(), MAX_ANSWER_CHARS) != len(text):
        return text
    inner = text[m.end() + 1 : -1].strip()
    return inner if re.search(r"[\d\\]", inner) and inner else text


def as_prose(text: str) -> str:
    """The text with the content of `\\text{…}` and its like in place of the command."""
    return _TEXT.sub(r" \1 ", text) if "\\" in text else text
