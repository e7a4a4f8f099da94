"""Trees of a bare answer: as it stands, or of the value that a sentence states."""

import re
from functools import lru_cache

from app.mathcheck.ast import Node
from app.mathcheck.clean import clean
from app.mathcheck.extract import from_prose
from app.mathcheck.lexicon import EMPTY_WORDS
from app.mathcheck.limits import MathError, Unparsable
from app.mathcheck.notation import counted
from app.mathcheck.numerals import in_figures
from app.mathcheck.parser import parse
from app.mathcheck.phrases import BARE_MARKS
from app.mathcheck.remarks import without_remark
from app.mathcheck.spelled import spelled
from app.mathcheck.unwrap import as_prose, strip
from app.mathcheck.verdict import NoAnswer

_GLUED = re.compile(r"(?<=[\d)])(or|and)(?=[\dA-Z(])")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_CAPITALS = re.compile(r"\b[A-Z]{2}\b|(?<=\d)[A-Z]+(?=[\d_])")
"""Names of segments, digits of a numeral: NO is no denial, and 1IF0 no condition."""
_WORD = re.compile(r"[a-z]{2,}")
_VALUE = re.compile(r"\d|\\(?:frac|sqrt|pi|infty)|[√π½]")
_IN_WORDS = re.compile(r"[A-Za-z]{3}[A-Za-z -]*|[Aa]n? [A-Za-z -]+")
_POWER_WORD = re.compile(r"\d\s+(?:squared|cubed)\b")
_LEAD = re.compile(
    r"\s*([A-Za-z][A-Za-z ]{0,60}?)\s*(?::|=|\b(?:is|are|equals)\b)\s*(?=\S)(?!.*(?:[:=]|\b(?:is|are|equals)\b))", re.S
)
_NEAR = re.compile(r"(.*?)(?:\\approx|\\simeq|\\sim|(?:^|[=\s])~)\s*(.*)", re.S)
_DECIMAL = re.compile(r"[-+$\\(\s]*\d[\d,]*\.\d")
_PADDED = re.compile(r",0\d")
"""A list has no item such as 000: the comma separates thousands."""
_GROUPED = re.compile(r"\d,\d{3}(?!\d)")
"""Without such digits nothing is read as grouped."""
_EU_DECIMAL = re.compile(r"\b0,\d|\d,\d{2}\b|\d,\d{4}")


MAX_INSIDE = 4
"""Sentences within sentences that are looked into for a value."""
SHORT = 200
"""Characters of a text whose trees are remembered: a few kilobytes."""
SOLUTION = 200
"""A reference that is longer is a whole solution: the data's author means its last value."""


class Unstated(Unparsable):
    """Words around the value make of it a denial, a guess, an approximation, a question."""


def readings(text: str, reference: bool = False, depth: int = 0) -> tuple[Node, ...]:
    """Trees of an answer, the most usual reading first. Raises Unparsable, Unstated, TooComplex.

    Those of short texts are remembered: every rollout of a group has the same reference.
    """
    return (remembered if len(text) <= SHORT else _read)(text, reference, depth)


def _read(text: str, reference: bool, depth: int) -> tuple[Node, ...]:
    s = spelled(without_remark(strip(text)))
    if "\\boxed" in s and not s.startswith("\\boxed"):
        return _inside(text, reference, depth)
    if s.isascii() and _IN_WORDS.fullmatch(s) and (figures := in_figures(s)):
        s = figures
    if s.lower() in EMPTY_WORDS:
        s = "\\emptyset"
    if _POWER_WORD.search(s):
        raise Unstated("a power in words")
    if "?" in s and as_prose(s).rstrip().endswith("?"):
        raise Unstated("the value is asked for, not stated")
    if _qualifies(s):
        return _inside(text, reference, depth)
    if _is_near(s):
        raise Unstated("the value is only approximate")
    try:
        first = _tree(s)
    except Unparsable as error:
        if not _is_prose(s, str(error)):
            raise
        return _inside(text, reference, depth, error)
    if _has_text(first) and _VALUE.search(s):
        return _inside(text, reference, depth)
    return _alternatives(s, first)


remembered = lru_cache(maxsize=2048)(_read)


def _alternatives(s: str, first: Node) -> tuple[Node, ...]:
    """`1,000` and `2,74` may mean something else elsewhere; the reference decides."""
    found = [first]
    if "," in s:
        for options in ({"group": False}, {"decimal_comma": True}):
            if not (_EU_DECIMAL.search(s) if "decimal_comma" in options else _GROUPED.search(s)) or (
                "group" in options and _PADDED.search(s)
            ):
                continue
            try:
                other = _tree(s, **options)
            except MathError:
                continue
            if other not in found:
                found.append(other)
    return tuple(found)


def _qualifies(s: str) -> bool:
    """Whether words beside a value may deny, bound or condition it."""
    if "\\begin" in s or not _VALUE.search(s):
        return False
    words = _WORD.findall(_CAPITALS.sub(" ", _COMMAND.sub(" ", s)).lower().replace("n't", " not "))
    return not BARE_MARKS.isdisjoint(words)


def _is_near(s: str) -> bool:
    """`x ≈ 42` and `~42`: near another number, unless the exact one is stated too or a decimal is rounded."""
    if "\\approx" not in s and "\\sim" not in s and "~" not in s:
        return False
    m = _NEAR.match(s)
    if m is None or ("~" in m[0][len(m[1]) : m.start(2)] and m[1].strip(" =")):
        return False
    return not re.search(r"\d", m[1]) and not (m[1].strip() and _DECIMAL.match(m[2]))


def _inside(text: str, reference: bool, depth: int, error: Unparsable | None = None) -> tuple[Node, ...]:
    """Trees of the value that a sentence states; it is shorter, so that looking inside comes to an end."""
    if depth == MAX_INSIDE:
        raise error or Unstated("no value is stated")
    prose = as_prose("\n".join(clean(line) for line in text.splitlines()))
    if (
        (lead := _LEAD.match(strip(prose)))
        and BARE_MARKS.isdisjoint(lead[1].lower().split())
        and not re.search(r"[A-Za-z]{3,}", _COMMAND.sub("", strip(prose)[lead.end() :]))
    ):
        return readings(strip(prose)[lead.end() :], reference, depth + 1)
    found = from_prose(prose, lenient=reference and len(text) > SOLUTION)
    if isinstance(found, NoAnswer):
        raise Unstated(found.reason)
    if len(found.text) >= len(text) or strip(found.text) == strip(text):
        raise error or Unstated("no value is stated")
    return readings(found.text, reference, depth + 1)


def _is_prose(s: str, error: str) -> bool:
    """Whether a text that does not parse is a sentence, so that its value may be looked for inside."""
    if "unknown command" in error and not re.search(r"\$|\\[(\[]", s):
        return False
    outside = re.sub(r"\\[A-Za-z]+(?:\{[^{}]*\})?", " ", s)
    return bool(re.search(r"[^\W\d_]{2}|[一-鿿]|\$|\\text", outside)) or "\\text" in s


def _has_text(node: Node) -> bool:
    """Whether words stand where a value should: a sentence that happened to parse."""
    return node.op == "text" or (any(a.op == "text" for a in node.args) and node.op == "ratio")


def _tree(s: str, **options: bool) -> Node:
    if s.startswith("$\\") and s.count("$") % 2:
        s = s[1:]
    s = counted(_GLUED.sub(r" \1 ", s))
    if s.count("$") % 2 == 0 and "\\$" not in s:
        s = s.replace("$", " ")
    for mark in ("\\(", "\\)", "\\[", "\\]"):
        s = s.replace(mark, " ")
    return parse(s.strip(), **options)
