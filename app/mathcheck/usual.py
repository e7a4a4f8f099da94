r"""The short way to the answer of a usual completion: a plain value in its last box, which ends the text.

Most rollouts end in "… is $\boxed{42}$." For that form alone a few searches answer here what `extract` asks of every
text. Where one of them may have another answer than the usual one the result is None, and `extract` looks closer;
test_usual.py holds both ways to the same answers.
"""

import re

from app.mathcheck.boxes import BESIDE, NEAR, joined, read_box, without_bold
from app.mathcheck.qualify import speaks_before
from app.mathcheck.verdict import Extraction
from app.mathcheck.visible import HIDING, hides_what_ends

_ENDING = re.compile(
    r"\\boxed\{([^{}\\~%<]{1,60}|-?\\[dt]?frac\{[^{}\\]{1,60}\}\{[^{}\\]{1,60}\})\}(?:[.$\s]|\\[)\]]|\*\*)*\Z"
)
"""A box without commands but a fraction's, and behind it only what may close a sentence."""
_TAGS = re.compile(r"<(/?think|answer|verifier_answer)>")
_THOUGHT = (["think", "/think"], ["/think"])
_SETS_OFF = frozenset("$:=,;([")
"""Right before a box, these make it no part of a larger expression."""


def usual_answer(text: str) -> Extraction | None:
    """The boxed value that ends a completion; None if `extract` must look closer."""
    at = text.rfind("\\boxed{")
    if at < 0 or (m := _ENDING.match(text, at)) is None:
        return None
    start = 0
    if tags := _TAGS.findall(text):
        if tags not in _THOUGHT:
            return None
        start = text.rfind("</think>") + len("</think>")
    content = m[1].strip()
    if (
        at < start
        or not content.isascii()
        or not content
        or _belongs(text, start, at)
        or speaks_before(text, start, at)
        or hides_what_ends(text, max(start, at - HIDING), at)
    ):
        return None
    return Extraction(content, "boxed", at + len("\\boxed{"), m.end(1), "last \\boxed")


def _belongs(text: str, start: int, at: int) -> bool:
    """Whether the box may be a part of an expression, or of a list with the box before it."""
    before = text[max(start, at - 8) : at]
    if before and before[-1] not in _SETS_OFF and _may_glue(text, start, at, before):
        return True
    previous = text.rfind("box", max(start, at - NEAR), at)
    if previous < 0:
        return False
    box = read_box(text, max(text.rfind("\\", start, previous), start))
    return box is None or box.end > at or joined(text[box.end : at])


def _may_glue(text: str, start: int, at: int, before: str) -> bool:
    last = before.rstrip()[-1:]
    if last == "*":
        return without_bold(text[max(start, at - BESIDE) : at]) != ""
    return last not in _SETS_OFF and not (last.isalpha() and "\\" not in before)
