"""The other places of an answer: tags, `####`, bold text, the last formula, a short text, the last number."""

# ruff: noqa: E501  (patterns)

import re

from app.mathcheck.boxes import boxed
from app.mathcheck.candidate import Candidate, Found
from app.mathcheck.units import lookup
from app.mathcheck.verdict import NoAnswer

_HASH = re.compile(r"####[ \t]*([^\n]+)")
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_MATH = re.compile(
    r"\$\$([^$]{1,4000})\$\$|\$([^$\n]{1,4000})\$|\\\(((?:(?!\\\)).){1,4000})\\\)|\\\[((?:(?!\\\]).){1,4000})\\\]", re.S
)
_OR = re.compile(r",?\s(?:or|and)\s")
"""Between two formulas, these make one answer of both."""
_DOMAIN = re.compile(
    r",?\s*\(?(?:which is )?(?:(?:attained|achieved|reached|obtained|taken) (?:at|when|for|if)|where|with|for(?: (?:all|any|every|each|some))?(?: (?!which)[a-z]+){0,2})\s*"
)
"""Between two formulas, these say what the letters of the first one are."""
_NUMBER = re.compile(
    r"(?<!\d)[-+−]?\d{0,9}\s?[½⅓⅔¼¾⅕⅖⅗⅘⅛⅜⅝⅞]|"
    r"(?<![A-Za-z\d_^])(?<!\^\{)(?<!_\{)[-+−]?(?:[$€£¥]|\\\$)?\s?(?:\d{1,6}\s\d{1,6}/\d{1,6}(?![\d/])|\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+\b)?(?:\s?/\s?\d+(?:\.\d+)?)?"
    r"(?:\s?(?:\\?%|percent\b))?|(?<![\w.])[-+]?\.\d+|\\[dt]?frac\s*\{[^{}]{1,50}\}\s*\{[^{}]{1,50}\}"
)
_UNIT = re.compile(r"\s?(?:\\(?:text|mathrm)\s?\{\s*[A-Za-z/ ]{1,30}\}(?:\^\{?\d\}?)?|([A-Za-z]{1,12}))")
_ATOM = r"(?:\d[\d.,]*|(?<![A-Za-z])[abiknxyz](?![A-Za-z])|[√∛π²³⁴½]|[(\[][^()\[\]\n]{1,40}[)\]]|\^\{?[-\w]{1,6}\}?)"
_EXPRESSION = re.compile(rf"-?{_ATOM}{{1,30}}(?:\s?[-+*/·×−]\s?{_ATOM}{{1,30}}){{0,20}}")
_MORE = re.compile(r"[(\[].*,.*[)\]]|\d?[√∛π²³⁴^]|[+−]|\d\s?[-*/]\s?\d|\d[inxyz]\b")
_RATIO = re.compile(r"(?<![\d.:])(?:\d{1,6}:){1,3}\Z")
"""Before the last number, a ratio or a time of day of which it is the last part."""
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_SCALE = re.compile(
    r"[百千万萬亿億]{1,2}|\s?(?:hundred|thousand|million|billion|trillion|dozen|k\b)(?:\s(?:thousand|million|billion))?",
    re.I,
)
_ASIDE = re.compile(
    r"\d[^()\n]{0,40}(\((?:was|formerly|previously|not|instead of|originally|before|after|since|because|e\.g|i\.e)\b[^()\n]{0,100}\))[.\s]*\Z",
    re.I,
)
"""A remark in brackets after the value."""
_LABEL = re.compile(r"\s*[A-Za-z][A-Za-z ]{0,40}[:=]\s*")
_LISTED = re.compile(
    r"\b(?:numbers|values|solutions|roots|answers|integers|factors) are\s+((?:-?\d[\d./]{0,12},?\s(?:and\s)?){1,8})\Z"
)
"""Before the last number, others that a sentence states with it: "the two numbers are 4 and 6"."""
_INSIDE_COMMAND = re.compile(r"\\(?!boxed|fbox|text|mathrm|mathbf|left|\()[A-Za-z]+\s*\{\s*\Z")
_LIST_BEFORE = re.compile(
    r"\d[^\s\d]{0,3}\s*\W{0,3}\b(?:or|and|to)\b\W*(?:maybe\W*)?\Z|(?:\bor|或|/|\|)\s*[$(\\]{0,3}\Z"
)
_OPTION = re.compile(r"[A-J][.)]\s+\S")
WHOLE_CHARS = 100
"""A completion this short without any marker may itself be the answer."""
WHOLE_WORDS = 6
TAIL = 4_000
"""Characters from the end in which the last formula or number is looked for."""
CELL = 60
"""Bold text that is longer is emphasis and no answer."""


def tagged(name: str, text: str) -> Found:
    """Content of the last `<name>` block; several blocks must agree, an open one goes to the end."""
    opening, closing = f"<{name}>", f"</{name}>"
    if opening not in text:
        return None
    blocks = _blocks(text, opening, closing)
    first, last = blocks[-1]
    content = text[first:last].strip()
    if any(text[a:b].strip() != content for a, b in blocks[:-1]):
        return NoAnswer(f"several {opening} answers that differ")
    if opening in content:
        return NoAnswer(f"{opening} within {opening}")
    if not content:
        return NoAnswer(f"{opening} is empty")
    if "\\boxed" in content or "\\fbox" in content:
        inner = boxed(text[first:last])
        if isinstance(inner, NoAnswer):
            return inner
        if inner is not None:
            a, b = inner.outer or (inner.start, inner.end)
            return Candidate(
                first + inner.start, first + inner.end, inner.text, f"\\boxed in {opening}", (first + a, first + b)
            )
    return Candidate(first, last, content, f"content of {opening}", (first, last))


def _blocks(text: str, opening: str, closing: str) -> list[tuple[int, int]]:
    blocks: list[tuple[int, int]] = []
    at = text.find(opening)
    while at >= 0 and len(blocks) < BLOCKS:
        first = at + len(opening)
        last = text.find(closing, first)
        last = len(text) if last < 0 else last
        blocks.append((first, last))
        at = text.find(opening, last)
    return blocks


BLOCKS = 50
"""Answer blocks compared with each other."""


def hashed(text: str) -> Found:
    """The line after the last `####`."""
    at = text.rfind("####")
    m = _HASH.match(text, at) if at >= 0 else None
    if m is None or not m[1].strip() or m[1].strip().lower().startswith(("step", "part", "solution")):
        return None
    return Candidate(m.start(1), m.end(1), m[1].strip(), "after ####")


def bold(text: str) -> Found:
    """The last bold text with a value in it."""
    if "**" not in text:
        return None
    last: re.Match[str] | None = None
    for m in _BOLD.finditer(text, max(0, len(text) - TAIL)):
        if re.search(r"\d", m[1]) and not m[1].rstrip().endswith(":"):
            last = m
    if (
        last is None
        or len(last[1]) > CELL
        or re.search(r"[一-鿿A-Za-z]{12,}|^(?:step|part|case|option)\b", last[1], re.I)
    ):
        return None
    label = _LABEL.match(last[1])
    content = last[1][label.end() :] if label and not re.match(r"\s*\w\s*=", last[1]) else last[1]
    return Candidate(
        last.start(1), last.end(1), content.strip().rstrip("。."), "last bold value", (last.start(), last.end())
    )


def formula(text: str) -> Found:
    """The last formula, if no number follows it."""
    if "$" not in text and "\\)" not in text and "\\]" not in text:
        return None
    stripped = text.rstrip()
    first: re.Match[str] | None = None
    last: re.Match[str] | None = None
    end = 0
    for m in _MATH.finditer(stripped, max(0, len(stripped) - TAIL)):
        if last is None or not _DOMAIN.fullmatch(stripped, end, m.start()):
            joined = first is not None and _OR.fullmatch(stripped, end, m.start()) is not None
            first, last = first if joined else m, m
        end = m.end()
    if first is None or last is None or re.search(r"\d", stripped[end:]):
        return None
    content = next(g for g in last.groups() if g is not None).strip()
    if not content or re.fullmatch(r"[A-Za-z](?:_\w)?", content):
        return None
    if first is not last:
        content = stripped[first.start() : last.end()]
    return Candidate(first.start(), last.end(), content.rstrip(".。 "), "last formula")


def whole(text: str) -> Found:
    """A short text that is itself the answer."""
    stripped = text.strip().strip("`").strip() if "```" in text else text.strip()
    start = text.find(stripped)
    if len(stripped) <= WHOLE_CHARS and _OPTION.match(stripped):
        return Candidate(start, start + len(stripped), stripped, "a choice at the start")
    if not stripped or len(stripped) > WHOLE_CHARS or "\n" in stripped or re.search(r"[一-鿿]", stripped):
        return None
    if len(stripped.split()) > WHOLE_WORDS and re.search(r"[a-z]", stripped):
        return None
    if re.search(r"\d", stripped) and re.search(
        r"[A-Za-z]{3,}", re.sub(r"\\[A-Za-z]+|sqrt|\b(?:sin|cos|tan|log)\b", "", stripped)
    ):
        return None
    return Candidate(start, start + len(stripped), stripped, "the whole text")


def number(text: str) -> Found:
    """The last number."""
    last: re.Match[str] | None = None
    aside = _ASIDE.search(text, max(0, len(text) - TAIL))
    stop = aside.start(1) if aside else len(text)
    for m in _NUMBER.finditer(text, max(0, len(text) - TAIL), stop):
        last = m
    if last is None:
        return None
    start, end = last.span()
    start += len(last[0]) - len(last[0].lstrip())
    before = text[max(0, start - 30) : start]
    if before[-1:] == ":" and (ratio := _RATIO.search(before)):
        start -= len(before) - ratio.start()
        before = before[: ratio.start()]
    if listed := _LISTED.search(text, max(0, start - CELL), start):
        return Candidate(listed.start(1), end, text[listed.start(1) : end].strip(), "the last numbers")
    if _LIST_BEFORE.search(before):
        return NoAnswer("several competing answers")
    if text.startswith("_", end):
        return NoAnswer("the last number has an index")
    if _ORDINAL.match(text, end):
        return NoAnswer("the last number is an ordinal")
    if _INSIDE_COMMAND.search(before):
        return NoAnswer("the last number stands inside a command")
    if text.rstrip().endswith(("?", "？")):
        return NoAnswer("the text ends in a question")
    if expression := _expression(text, start, end):
        return expression
    if scale := _SCALE.match(text, end):
        end = scale.end()
    unit = _UNIT.match(text, end)
    if unit and (unit[1] is None or (len(unit[1]) > 1 and lookup(unit[1]))):
        end = unit.end()
    return Candidate(start, end, text[start:end].strip(), "last number")


def _expression(text: str, start: int, end: int) -> Candidate | None:
    """The expression around a number, if it is more than a number: 6√179, 3 + 2i."""
    for m in _EXPRESSION.finditer(text, max(0, start - 60), min(len(text), end + 60)):
        if m.start() <= start and end <= m.end() and _MORE.search(m[0]):
            last = m.start() + len(m[0].rstrip(".,;:!"))
            scale = _SCALE.match(text, last)
            last = scale.end() if scale else last
            return Candidate(m.start(), last, text[m.start() : last], "last expression")
    return None
