"""What the words around a value make of it: a statement, or a denial, a guess, a bound, a condition, a question.

Every source of answers passes here, so that "not 42", "42 or so", "is it 42?" are no answers wherever they stand.
The rules read a window of words on both sides, within the sentence: bounded work for each candidate.
"""

# ruff: noqa: E501  (patterns)

import re

from app.mathcheck.after import read_after
from app.mathcheck.before import read_before
from app.mathcheck.manner import PLAIN, Manner
from app.mathcheck.phrases import BEFORE_MARKS, BOXED_MARKS

WINDOW = 150
"""Characters on each side that may change what a value is said to be."""
_CLOSERS = " \n.$)]}*\\"
"""What may end the sentence of an answer without a word on it."""
_START = re.compile(
    r"[.!?](?<!approx.)(?<!ca.)(?<!\bc.)(?<!\best.)(?<!e\.g.)[)*\"'”_$]*\s|[。！？]|\n\s*\n|</?[a-zA-Z|][^<>\n]{0,40}>|\n(?=[-*#>•] |[A-Z\d一-鿿])|(?:\A|\n)[>*# -]+"
)
_LETTERS = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 else 32 for c in range(256))
_SIGNS = ("<", ">", "~", "!=", "n't")


def qualified(text: str, start: int, end: int, manner: Manner = PLAIN) -> str | None:
    """Why `text[start:end]` is not stated as the answer where it stands; None if it is."""
    window = text[max(0, start - WINDOW) : start]
    if window and (manner.strict or _speaks(window, BOXED_MARKS if manner.boxed else BEFORE_MARKS)):
        reason = read_before(_before(text, start), manner)
        if reason is not None:
            return reason
    after = text[end : end + WINDOW]
    return read_after(after) if after.strip(_CLOSERS) else None


def _speaks(window: str, marks: frozenset[str]) -> bool:
    """Whether the window may hold one of the marks: a quick look that spares the rules in nine cases of ten."""
    if not window.isascii():
        return True
    for sign in _SIGNS:  # a loop costs half of `any`
        if sign in window:
            return True
    return not marks.isdisjoint(window.encode().translate(_LETTERS).decode().split())


def _before(text: str, start: int) -> str:
    """The words before a position, from the start of its sentence."""
    cut = max(0, start - WINDOW)
    for m in _START.finditer(text, cut, start + 1):
        cut = min(m.end(), start)
    return text[cut:start]
