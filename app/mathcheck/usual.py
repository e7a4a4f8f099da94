r"""The short way to the answer of a usual completion: a plain value in its last box, or in one answer tag at its end.

Most rollouts end in "… is $\boxed{42}$." or `<answer>42</answer>`. For these forms a few searches answer here what
`extract` asks of every text. Where one of them may have another answer than the usual one the result is None, and
`extract` looks closer; test_usual.py holds both ways to the same answers.
"""

import re

from app.mathcheck.after import speaks_after
from app.mathcheck.boxes import BESIDE, NEAR, attached, joined, read_box, without_bold
from app.mathcheck.later import LATER
from app.mathcheck.qualify import WINDOW, speaks_before
from app.mathcheck.verdict import Extraction
from app.mathcheck.visible import HIDING, hides, hides_what_ends

_PLAIN = r"[^{}\\~%<]{1,60}"
_BOX = rf"\\boxed\{{({_PLAIN}|-?\\[dt]?frac\{{[^{{}}\\]{{1,60}}\}}\{{[^{{}}\\]{{1,60}}\}})\}}"
_BOXED = re.compile(rf"{_BOX}(?:[.$\s]|\\[)\]]|\*\*)*")
"""A box without commands but a fraction's, and behind it what may close a sentence."""
_TAGGED = re.compile(rf"<answer>({_PLAIN})</answer>\s*\Z")
_BOX_TAGGED = re.compile(rf"<answer>\s{{0,3}}\$?\$?{_BOX}\$?\$?\s{{0,3}}</answer>\s*\Z")
_TAGS = re.compile(r"<(/?think|answer|verifier_answer)>")
_THOUGHT = (["think", "/think"], ["/think"])
_SETS_OFF = frozenset("$:=,;([")
"""Right before a box, these make it no part of a larger expression."""
REST = 1_000
"""Characters behind a usual box."""


def usual_answer(text: str) -> Extraction | None:
    """The boxed or tagged value that ends a completion; None if `extract` must look closer."""
    tags = _TAGS.findall(text)
    if tags and tags[-1] == "answer":
        return _tagged(text, tags[:-1])
    at = text.rfind("\\boxed{")
    if at < 0 or (m := _BOXED.match(text, at)) is None or (tags and tags not in _THOUGHT):
        return None
    start = text.rfind("</think>") + len("</think>") if tags else 0
    content, end = m[1].strip(), m.end(1) + 1
    near = at - HIDING if at - HIDING > start else start  # here and below: a call of `max` takes as long as a search
    if (
        at < start
        or not content.isascii()
        or not content
        or _belongs(text, start, at)
        or speaks_before(text, start, at)
        or (
            hides_what_ends(text, near, at)
            if m.end() == len(text)
            else len(text) - end > REST or _goes_on(text, end) or hides(text[near:])
        )
    ):
        return None
    return Extraction(content, "boxed", at + len("\\boxed{"), m.end(1), "last \\boxed")


def _tagged(text: str, tags: list[str]) -> Extraction | None:
    """The plain content of the one answer tag, which ends the text."""
    at = text.rfind("<answer>")
    if tags and tags not in _THOUGHT:
        return None
    reason = "content of <answer>"
    if (m := _TAGGED.match(text, at)) is None:
        m, reason = _BOX_TAGGED.match(text, at), "\\boxed in <answer>"
    if m is None:
        return None
    start = text.rfind("</think>") + len("</think>") if tags else 0
    content = m[1].strip()
    if at < start or not content or not content.isascii() or hides_what_ends(text, max(start, at - HIDING), at):
        return None
    return Extraction(content, "answer_tag", *m.span(1), reason)


def _goes_on(text: str, end: int) -> bool:
    """Whether what follows a box may add to it, qualify it, or go before it."""
    rest = text[end:]
    return "box" in rest or any(sign in rest for sign in LATER) or attached(rest) or speaks_after(rest[:WINDOW])


def _belongs(text: str, start: int, at: int) -> bool:
    """Whether the box may be a part of an expression, or of a list with the box before it."""
    before = text[at - 8 if at - 8 > start else start : at]
    if (
        before
        and (before[-1] not in _SETS_OFF or (before[-1] == "(" and before[-2:-1].isalpha()))
        and _may_glue(text, start, at, before)
    ):
        return True
    previous = text.rfind("box", at - NEAR if at - NEAR > start else start, at)
    if previous < 0:
        return False
    box = read_box(text, max(text.rfind("\\", start, previous), start))
    return box is None or box.end > at or joined(text[box.end : at])


def _may_glue(text: str, start: int, at: int, before: str) -> bool:
    last = before.rstrip()[-1:]
    if last == "*":
        return without_bold(text[max(start, at - BESIDE) : at]) != ""
    return (last not in _SETS_OFF or last == "(") and not (last.isalpha() and "\\" not in before)
