"""The last `\\boxed` or `\\fbox` of a text, or the last few of them where they are one list."""

# ruff: noqa: E501  (patterns and word tables)

import re
from typing import NamedTuple

from app.mathcheck.braces import closing
from app.mathcheck.candidate import Candidate, Found
from app.mathcheck.verdict import NoAnswer

_BOX = re.compile(r"\\f?box(?:ed)?[ \t]*(\{[^{}\\]{0,200}\})?")
"""With its content, if that holds neither commands nor braces."""
_JOIN = re.compile(
    r"(?:[\s$,;.&]|\\[(),;:! \]\[]|\\q?quad|\\\\|\\text|[{}*]|\band\b|\bor\b|\bfor part \(\w\)|\b[a-z]_\{?\d\}?\s*=|\bor\b[\s$]*[a-z]\s*=)*"
)
_INNER = re.compile(r"\\f?box(?:ed)?\s*\{[^{}]{0,2000}\}")
_SUFFIX = re.compile(
    r"\$?(?:\\\))?\s*(?P<percent>\\?%|percent\b|pct\b)|\s*(?P<mod>\\pmod\s?\{\d+\}|\(\\?(?:bmod|mod)\s*\d+\))|"
    r"(?P<base>_\{?\d{1,2}\}?)|(?P<degree>\s?\^\{?\s?\\circ\s?\}?|\s?°|\\degree)|"
    r"(?P<text>\s?\\(?:text|mathrm|textrm)\s?\{[^{}]{1,40}\}(?:\^\{?\d\}?)?)|(?P<c>\s?\+\s?C\b)|\$?\s?(?P<scale>[万萬亿億])"
)
_GLUED_AFTER = re.compile(
    r"(?:\s*\^|\d|\s*\\(?:sqrt|pi|frac|cdot|times)\b|[-+*/]\s*(?:\d|\\[A-Za-z])|[a-z](?![A-Za-z])|!=|\{)"
)
_GLUED_BEFORE = re.compile(
    r"(?:(?<![\w.])[\d.]+|[\d)}a-z]\s?[*/^_]|[*/^_√]|\\(?:cdot|times|div|sqrt|pm|mp)|\\d?frac(?:\{[^{}]{0,60}\}){0,1}\{|\\(?:sqrt|log|sin|cos|tan|ln)\s?\{?|(?<![A-Za-z\\])[A-Za-z]\()\s*\Z"
)
_GLUE = "*/^_√{("
_SIGN = re.compile(r"(?:[=$(\[{:,]|\\[(\[]|is|are)\s*([-−])\s?\Z|(?:^|\s)([-−])\Z")
_TRAILING_VALUE = re.compile(
    r"(?:(?:[\s$*]|\\[)\]])*|[$\s]{0,3},\s)(?:\bor|\band)\b(?:[\s$*]|\\[(\[])*[-+]?(?:\d[\d.,/]*|\\frac\{[^{}]{1,20}\}\{[^{}]{1,20}\})"
)
BESIDE = 80
"""Characters before a box that may make it a part of an expression."""
NEAR = 400
"""Characters before a box in which one that it is joined to may end."""
JOIN = 60
"""Characters between two boxes that are joined."""
LONGEST = 20_000
"""Characters after `\\boxed` in which its brace must close."""
READ = 3 * LONGEST
"""Characters of all boxes that are read: those within one another are read once each."""
BOXES = 60
"""Boxes of one list, from the end."""


class Box(NamedTuple):
    start: int
    end: int
    first: int
    """Start of the content."""
    last: int
    """End of the content."""

    def content(self, text: str) -> str:
        return text[self.first : self.last].strip()


def boxed(text: str) -> Found:
    """The last box; adjacent boxes, or boxes joined by a comma, "and", "or", are one list."""
    boxes = _last_boxes(text)
    if not boxes:
        return None
    last = boxes[-1]
    contents = [box.content(text) for box in boxes]
    if len(set(contents)) == 1:
        return _single(text, last)
    answer = ", ".join(contents)
    outer = (boxes[0].start, last.end)
    return Candidate(boxes[0].first, last.last, answer, f"{len(boxes)} boxed answers joined into a list", outer)


def _single(text: str, box: Box) -> Found:
    content = box.content(text)
    if not content:
        return NoAnswer("the box is empty")
    if "box" in content and _BOX.search(content) and not _is_list_of_boxes(content):
        return NoAnswer("a box within a box")
    start, end = box.start, box.end
    before = without_bold(text[max(0, start - BESIDE) : start])
    last = before.rstrip()[-1:]
    if last in ("-", "−") and (sign := _SIGN.search(before)):
        content = f"-({content})" if re.search(r"[-+]", content[1:]) else f"-{content}"
        start -= len(before) - max(sign.start(1), sign.start(2))
    elif (last in _GLUE or last.isdigit() or "\\" in before[-8:]) and _GLUED_BEFORE.search(before):
        return NoAnswer("the box is a part of a larger expression")
    following = text[end : end + 3]
    rest = following.lstrip("$)} ")
    if (rest and rest[0] in ".\n") or not (rest or following[2:]):  # the usual end of a sentence
        return Candidate(box.first, box.last, content, "last \\boxed", (start, end))
    after = text[end : end + 80]
    if suffix := _SUFFIX.match(after):
        kind = suffix.lastgroup or ""
        if kind != "mod":
            content += {"percent": "\\%", "degree": "^\\circ"}.get(kind, suffix[0])
        end += suffix.end()
    elif _GLUED_AFTER.match(after) and last != "=":  # `= \\boxed{3}x^2` boxes the coefficient
        return NoAnswer("the box is a part of a larger expression")
    elif more := _TRAILING_VALUE.match(after):
        return Candidate(
            box.first, end + more.end(), content + more[0].replace("$", " "), "a box and another value", (start, end)
        )
    return Candidate(box.first, box.last, content, "last \\boxed", (start, end))


def attached(following: str) -> bool:
    """Whether what follows a box may belong to it: a unit, a factor, another value."""
    beside = following[:BESIDE]
    return any(pattern.match(beside) is not None for pattern in (_SUFFIX, _GLUED_AFTER, _TRAILING_VALUE))


def without_bold(before: str) -> str:
    """What stands before a box without the mark of bold text; `x**` is a power and stays."""
    bare = before.rstrip()
    if not bare.endswith("**"):
        return before
    opens = bare.count("**", bare.rfind("\n") + 1) % 2 == 1
    if opens and bare == before and (bare[-3:-2].isalnum() or bare[-3:-2] in tuple(")}]")):
        return before
    return without_bold(bare[:-2]) if opens else ""


def _is_list_of_boxes(content: str) -> bool:
    """Whether nothing but boxes, and what joins them, stands in a box."""
    return _JOIN.fullmatch(_INNER.sub(",", content)) is not None


def _last_boxes(text: str) -> list[Box]:
    """The last box and those that it is joined to, first one first."""
    boxes: list[Box] = []
    limit = len(text)
    read = 0
    for _ in range(BOXES):
        floor = max(0, limit - NEAR) if boxes else 0
        at = text.rfind("\\boxed", floor, limit)
        at = max(at, text.rfind("\\fbox", max(at, floor), limit))
        if at < 0:
            break
        limit = at
        box = read_box(text, at)
        if box is None:
            continue
        read += min(box.end - box.start, LONGEST)
        if read > READ:
            break
        if boxes and _broken_off(text, box, boxes[0].start):
            continue
        while boxes and boxes[0].start < box.end:  # a box inside this one is part of it
            boxes.pop(0)
        if boxes and not joined(text[box.end : boxes[0].start]):
            break
        boxes.insert(0, box)
    return boxes


def _broken_off(text: str, box: Box, later: int) -> bool:
    """Whether a box is never closed and another one stands on a line below: it holds nothing."""
    return box.last == box.end > later and "\n" in text[box.first : later]


def read_box(text: str, at: int) -> Box | None:
    """The box that begins at a position, if one does; one that is never closed goes to the end of the formula."""
    m = _BOX.match(text, at)
    if m is None:
        return None
    first = m.end()
    if m.lastindex:
        return Box(at, first, m.start(1) + 1, first - 1)
    if not text.startswith("{", first):
        return Box(at, first + 1, first, first + 1) if text[first : first + 1].isalnum() else None
    end = closing(text, first, LONGEST)
    if end >= 0:
        return Box(at, end, first + 1, end - 1)
    dollar = text.find("$", first)  # never closed: it goes to the end of the formula or of the text
    stop = dollar if dollar >= 0 else len(text)
    return Box(at, stop, first + 1, stop)


def joined(between: str) -> bool:
    """Whether what stands between two boxes makes one list of them."""
    return len(between) < JOIN and _JOIN.fullmatch(between) is not None
