"""Find the final answer in a completion, in time linear in its length."""

import re
from collections.abc import Callable
from dataclasses import replace

from app.completion import sections
from app.mathcheck.lexer import braced
from app.mathcheck.policy import DEFAULT_POLICY, Policy, Source
from app.mathcheck.units import lookup
from app.mathcheck.verdict import Extraction, NoAnswer

_BOX = re.compile(r"\\(?:boxed|fbox)\s*")
_PHRASE = re.compile(
    r"(?:final\s+answer|answer|答案|réponse)\s*(?:\*\*)?\s*(?:is\b|est\b|are\b|[:：]|是|为|為)\s*(?:\*\*)?\s*(?:the\s+final\s+answer\s+is\s*)?[:：]?\s*|故选[:：]?\s*|(?m:^A:\s*)",
    re.I,
)
_HASH = re.compile(r"####[ \t]*([^\n]+)")
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_MATH = re.compile(r"\$\$([^$]{1,4000})\$\$|\$([^$]{1,4000})\$|\\\((.{1,4000}?)\\\)|\\\[(.{1,4000}?)\\\]", re.S)
_NUMBER = re.compile(
    r"(?<!\d)[-+−]?\d{0,9}\s?[½⅓⅔¼¾⅕⅖⅗⅘⅛⅜⅝⅞]|"
    r"(?<![A-Za-z\d_^])(?<!\^\{)(?<!_\{)[-+−]?(?:[$€£¥]|\\\$)?\s?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+\b)?(?:\s?/\s?\d+(?:\.\d+)?)?"
    r"(?:\s?(?:\\?%|percent\b))?|(?<![\w.])[-+]?\.\d+|\\[dt]?frac\s*\{[^{}]{1,50}\}\s*\{[^{}]{1,50}\}"
)
_NEGATION = re.compile(r"(?:\bnot|n't|n’t|\bnever|\bno|\\neq?|≠|不是|incorrect|wrong)\W{0,4}$", re.I)
_DENIED_AFTER = re.compile(r"\W{0,4}(?:is|was|are)?\s*(?:not\b|n't|wrong|incorrect|false)", re.I)
_UNIT = re.compile(r"\s?(?:\\(?:text|mathrm)\s?\{\s*[A-Za-z/ ]{1,30}\}(?:\^\{?\d\}?)?|([A-Za-z]{1,12}))")
_ALTERNATIVE = re.compile(r"^\W{0,4}(?:or|或)\W{0,4}(?:maybe\W{0,2})?[-+$\\]{0,3}\d", re.I)
_JOIN = re.compile(
    r"^(?:[\s$,;.]|\\[(),;! \]\[]|\\q?quad|\\text|[{}]|\band\b|\bor\b|for part \(\w\)|\b[a-z]_\{?\d\}?\s*=)*$"
)
_SENTENCE = re.compile(r"\n|。|(?<=[^\d\W])\.(?:\s|$)|\.(?:\s+[A-Z]|\s*$)|<\|")
_CHOICE = re.compile(r"^\W{0,6}([A-J])\W{0,4}(?=$|[\s.,:;)\]*])")
_QUALIFIED = re.compile(
    r"\b(?:about|around|approximately|approx|roughly|nearly|almost|least|most|than|above|below|under)\W*$", re.I
)
"""Words that make of the value behind them another statement than the value."""
WHOLE_CHARS = 100
"""A completion this short without any marker may itself be the answer."""
NEAR = 4_000
"""Characters before a box in which one that it is joined to may begin."""
BOXES = 60
"""Boxes looked at, from the end."""


def extract(completion: str, policy: Policy = DEFAULT_POLICY) -> Extraction | NoAnswer:
    """The final answer outside of the chain of thought, by the first of the policy's sources that holds one."""
    offset = 0
    tagged = "<" in completion  # one fast scan spares three slow ones
    if tagged and "think>" in completion:
        parts = sections(completion)
        if not parts.closed:
            return NoAnswer("the chain of thought is never closed")
        offset = parts.outside[-1].start if parts.outside else len(completion)
        if len(parts.outside) > 1 and not completion[offset:].strip():
            offset = parts.outside[0].start
    text = completion[offset:]
    if not text.strip():
        return NoAnswer("nothing outside of the chain of thought")
    for source in policy.sources:
        if not tagged and source in ("verifier_answer", "answer_tag"):
            continue
        found = _FINDERS[source](text)
        if isinstance(found, NoAnswer):
            return found
        if found is not None:
            start, end, answer, reason = found
            return Extraction(answer, source, start + offset, end + offset, reason)
    return NoAnswer("no marked answer and no number", unmarked=True)


Found = tuple[int, int, str, str] | NoAnswer | None


def _tag(name: str, text: str) -> Found:
    close = text.rfind(f"</{name}>")
    start = text.rfind(f"<{name}>", 0, close if close >= 0 else len(text))
    if start < 0:
        return None
    first = start + len(name) + 2
    end = close if close > start else len(text)
    other = text.rfind(f"<{name}>", 0, start)
    content = text[first:end].strip()
    if other >= 0:
        before = text[other + len(name) + 2 : text.find(f"</{name}>", other)].strip()
        if before != content:
            return NoAnswer(f"several <{name}> answers that differ")
    if not content:
        return NoAnswer(f"<{name}> is empty")
    inner = _boxed(content)
    if isinstance(inner, tuple):
        return first, end, inner[2], f"\\boxed in <{name}>"
    return first, end, content, f"content of <{name}>"


Box = tuple[int, int, int, int]
"""Start and end of a box, and of what is in it."""


def _outside(boxes: list[Box], end: int) -> list[Box]:
    """Boxes that begin after another one's end."""
    return [box for box in boxes if box[0] >= end]


def _boxed(text: str) -> Found:
    framed = text.rfind("\\boxed") < 0
    if framed and "\\fbox" not in text:
        return None
    boxes: list[Box] = []
    limit = len(text)
    for _ in range(BOXES):
        first = max(0, limit - NEAR) if boxes else 0
        at = text.rfind("\\boxed", first, limit)
        if framed:
            at = max(at, text.rfind("\\fbox", first, limit))
        if at < 0:
            break
        limit = at
        m = _BOX.match(text, at)
        if m is None:
            continue
        if text[m.end() : m.end() + 1] == "{":  # A box inside this one is part of it.
            end = braced(text[: min(len(text), at + 40_000)], m.end())
            if end < 0:
                dollar = text.find("$", m.end())
                stop = dollar if dollar >= 0 else len(text)
                boxes = [*_outside(boxes, stop), (at, stop, m.end() + 1, stop)]
                continue
            boxes = [*_outside(boxes, end), (at, end, m.end() + 1, end - 1)]
        elif text[m.end() : m.end() + 1].isalnum():
            boxes.append((at, m.end() + 1, m.end(), m.end() + 1))
        if len(boxes) >= 2 and not _joined(text[boxes[-1][1] : boxes[-2][0]]):
            boxes.pop()
            break
    if not boxes:
        return None
    phrase = _last_phrase(text, boxes[0][1])
    if phrase is not None:
        return phrase
    after = _ALTERNATIVE.match(text[boxes[0][1] : boxes[0][1] + 20])
    if after:
        return NoAnswer("an alternative follows the boxed answer")
    boxes.reverse()
    suffix = re.match(r"\$?\\?\)?\s*(\\?%|percent\b|pct\b|\\pmod\s?\{\d+\})", text[boxes[-1][1] : boxes[-1][1] + 30])
    tail = "\\%" if suffix and not suffix[1].startswith("\\pmod") else ""
    if len(boxes) == 1:
        _, end, a, b = boxes[0]
        content = text[a:b].strip()
        return (a, b, content + tail, "last \\boxed") if content else NoAnswer("the box is empty")
    answer = ", ".join(text[a:b].strip() for _, _, a, b in boxes)
    return boxes[0][2], boxes[-1][3], answer, f"{len(boxes)} boxed answers joined into a list"


def _joined(between: str) -> bool:
    return len(between) < 60 and bool(_JOIN.match(between)) and bool(re.search(r",|;|and|or|part", between))


def _last_phrase(text: str, start: int) -> Found:
    low = text[start:].lower()
    at = low.rfind("final answer")
    if at < 0:
        return None
    found = _phrase(text[start + at :])
    if isinstance(found, tuple) and re.search(r"\d|\\|[A-J]\b", found[2]):
        return found[0] + start + at, found[1] + start + at, found[2], "final answer stated after the box"
    return None


def _phrase(text: str) -> Found:
    low = text.lower()
    if not any(k in low for k in ("answer", "答案", "故选", "réponse", "a:")):
        return None
    last: re.Match[str] | None = None
    for m in _PHRASE.finditer(text):
        last = m
    if last is None:
        return None
    start = last.end()
    return _statement(text, start, "stated as the answer")


def _statement(text: str, start: int, reason: str) -> Found:
    tail = text[start : start + 4000]
    for opening, closing in (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ('\\"', '\\"')):
        if tail.startswith(opening):
            end = tail.find(closing, len(opening))
            if end > 0 and not (
                opening == "$" and re.match(r"\$\s?\d[\d,.]*(?:\s|\.|$)", tail) and not re.match(r"\$[^$\s]*\$", tail)
            ):
                rest = tail[end + len(closing) :]
                if _ALTERNATIVE.match(rest.lstrip("$\\( ")[:20]) or re.match(r"\s*or\b", rest):
                    return NoAnswer("several competing answers")
                joined = re.match(r"(?:\s*(?:,|and)\s*\$[^$]{1,200}\$)+", rest)
                content = tail[len(opening) : end] if not joined else tail[: end + len(closing)] + joined[0]
                return start, start + end + len(closing), content.strip(), reason
    m = _SENTENCE.search(tail, 1) if tail else None
    sentence = tail[: m.start() if m else len(tail)].strip().strip("*").rstrip(".").strip()
    if not sentence:
        return None
    if re.match(r"(?:not|n't|isn't|≠|\\neq?)\b", sentence, re.I):
        return NoAnswer("the answer is denied")
    return start, start + len(tail[: m.start() if m else len(tail)]), sentence, reason


def _hash(text: str) -> Found:
    if "####" not in text:
        return None
    last: re.Match[str] | None = None
    for m in _HASH.finditer(text):
        last = m
    return (last.start(1), last.end(1), last[1].strip(), "after ####") if last else None


def _bold(text: str) -> Found:
    if "**" not in text:
        return None
    last: re.Match[str] | None = None
    for m in _BOLD.finditer(text):
        if re.search(r"\d", m[1]) and not m[1].rstrip().endswith(":"):
            last = m
    if last is None or len(last[1]) > 60 or re.search(r"[一-鿿A-Za-z]{12,}", last[1]):
        return None
    return last.start(1), last.end(1), last[1].strip().rstrip("。."), "last bold value"


def _math(text: str) -> Found:
    stripped = text.rstrip()
    if "$" not in text and "\\)" not in text and "\\]" not in text:
        return None
    last: re.Match[str] | None = None
    for m in _MATH.finditer(stripped):
        last = m
    if last is None or re.search(r"\d", stripped[last.end() :]):
        return None
    content = next(g for g in last.groups() if g is not None)
    if _NEGATION.search(stripped[max(0, last.start() - 12) : last.start()]):
        return NoAnswer("the answer is denied")
    if re.search(r"\bor\s*$", stripped[max(0, last.start() - 8) : last.start()]):
        return NoAnswer("several competing answers")
    return last.start(), last.end(), content.strip(), "last formula"


def _whole(text: str) -> Found:
    stripped = text.strip()
    if len(stripped) <= WHOLE_CHARS and re.match(r"[A-J][.)]\s+\S", stripped):
        return text.find(stripped), len(text.rstrip()), stripped, "a choice at the start"
    if len(stripped) > WHOLE_CHARS or "\n" in stripped:
        return None
    if len(stripped.split()) > 6 and not re.fullmatch(r"[^a-z]*", stripped):
        return None
    if re.search(r"[一-鿿]", stripped):
        return None
    if re.search(r"\d", stripped) and re.search(r"[A-Za-z]{3,}", stripped.replace("sqrt", "")):
        return None
    start = text.find(stripped)
    return start, start + len(stripped), stripped, "the whole text"


def _number(text: str) -> Found:
    last: re.Match[str] | None = None
    tail_start = max(0, len(text) - 4000)
    for m in _NUMBER.finditer(text, tail_start):
        last = m
    if last is None:
        return None
    if _NEGATION.search(text[max(0, last.start() - 12) : last.start()]):
        return NoAnswer("the last number is denied")
    if re.search(
        r"(?:\bor|或|/|\bmaybe|\\approx|\\neq?)\s*[$(\\]{0,3}$", text[max(0, last.start() - 12) : last.start()]
    ):
        return NoAnswer("several competing answers")
    if _DENIED_AFTER.match(text[last.end() : last.end() + 30]):
        return NoAnswer("the last number is denied")
    if re.search(
        r"\\(?!boxed|fbox|text|mathrm|mathbf|left|\()[A-Za-z]+\s*\{\s*$", text[max(0, last.start() - 20) : last.start()]
    ):
        return NoAnswer("the last number stands inside a command")
    before = text[max(0, last.start() - 30) : last.start()]
    if re.search(
        r"\d[^\s\d]{0,3}\s*\W{0,3}\b(?:or|and|to)\b\W*(?:maybe\W*)?$|(?:between|least|most|about|than)\W*$", before
    ):
        return NoAnswer("several competing answers")
    end = last.end()
    unit = _UNIT.match(text, end)
    if unit and (unit[1] is None or (len(unit[1]) > 1 and lookup(unit[1]))):
        end = unit.end()
    return last.start(), end, text[last.start() : end].strip(), "last number"


def _verifier(text: str) -> Found:
    return _tag("verifier_answer", text) if "<verifier_answer>" in text else None


def _answer(text: str) -> Found:
    return _tag("answer", text) if "<answer>" in text else None


_FINDERS: dict[Source, Callable[[str], Found]] = {
    "verifier_answer": _verifier,
    "answer_tag": _answer,
    "boxed": _boxed,
    "phrase": _phrase,
    "hash": _hash,
    "bold": _bold,
    "math": _math,
    "whole": _whole,
    "number": _number,
}


def from_prose(text: str, policy: Policy = DEFAULT_POLICY) -> str | None:
    """The answer inside a bare answer that is a sentence; None if there is none or several compete."""
    letter = _CHOICE.match(text)
    if letter and not re.match(r"\W*A\s+[a-z]", text):
        return letter[1]
    sources = tuple(s for s in policy.sources if s != "whole")
    found = extract(text, replace(policy, sources=sources))
    if not isinstance(found, Extraction) or _QUALIFIED.search(text[max(0, found.start - 30) : found.start]):
        return None
    return found.text
