r"""Two answers in equally strong places with nothing said between them: neither is the answer.

Lines that are the same but for their value (`#### 41`, `#### 42`; `Answer: 41`, `Answer: 42`; bare numbers) compete where
they follow each other. Words between them, "wait, that's wrong", make the later one a correction, which is an answer.
"""

# ruff: noqa: E501  (patterns)

import re

_VALUE = re.compile(r"(?:[^\sA-Za-z\\]|\\(?:[dt]?frac|sqrt|pi|cdot|[()\[\]])|(?<=[\d,;]) (?=[-\d])){1,60}")
_MARKER = re.compile(r"\s*(?:[-*•+]|\d{1,2}[.)]|\([a-z\d]\)|[a-h][.)])\s+")
"""What numbers the lines of a list, whose items compete as unnumbered ones do."""
_CHAIN = re.compile(r"[\s&$]*(?:=|≈|<|>|≤|≥|→|⇒|\\approx|\\[Rr]ightarrow|\\implies|[<>=-]+>)[\s$]*")
"""A line that begins so goes on with the calculation of the line before."""
_BESIDE = re.compile(r"(?:\A|[\s:=(])[$€£]?[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?[$%]?\s*(?:,\s|;\s?)\s*[$€£]?\Z")
_KEY = re.compile(
    r"""["'](?:[\w -]{0,20}[_ -])?(?:alternat\w*|others?|second\w*|candidates?|backup|fallback|runner\w*|possibilit\w*)(?:[_ -][\w -]{0,20})?["']\s*:(?!\s*(?:null|None|\[\s*\]|""|''|false))""",
    re.I,
)
"""A key whose value is another answer."""
_ELLIPSIS = re.compile(r"[\s$]*(?:\.{3,}|…|⋮|\\(?:[lv]dots|dots))[\s$]*")
"""A line that stands for more values, of which the next is the last."""
LINE = 300
"""Characters of a line that is looked at."""
OBJECT = 2_000
"""Characters around the value of a key in which its object may begin and end."""


def competes(text: str, start: int, end: int, *, bare: bool) -> bool:
    """Whether another value stands before `text[start:end]` in the same place. `bare`: nothing marks the value."""
    head = text.rfind("\n", max(0, start - LINE), start) + 1
    tail = text.find("\n", end, end + LINE)
    tail = len(text) if tail < 0 else tail
    if start - head > LINE or tail - end > LINE or "\n" in text[start:end].strip():
        return False
    prefix, suffix = _unmarked(text[head:start]), text[end:tail].strip()
    if _CHAIN.fullmatch(prefix):
        return False
    if bare and not suffix.strip(".$*) ") and _BESIDE.search(text[head:start]):
        return True
    before = _unmarked(text[max(0, head - LINE) : head].rstrip().rpartition("\n")[2])
    if bare and not prefix and not suffix.strip(".$* ") and _ELLIPSIS.fullmatch(before):
        return True
    if len(before) <= len(prefix) + len(suffix) or not (before.startswith(prefix) and before.endswith(suffix)):
        return False
    other = before[len(prefix) : len(before) - len(suffix)].strip()
    value = text[start:end].strip()
    return other != value and any(c.isdigit() for c in other) and _VALUE.fullmatch(other) is not None


def has_rival_key(text: str, start: int, end: int) -> bool:
    """Whether the object whose key has this value has a key for another answer too."""
    opening = text.rfind("{", max(0, start - OBJECT), start)
    closing = text.find("}", end, end + OBJECT)
    return opening >= 0 and _KEY.search(text, opening, closing if closing >= 0 else end + OBJECT) is not None


def _unmarked(line: str) -> str:
    marker = _MARKER.match(line)
    return (line[marker.end() :] if marker else line).strip()
