"""Answers in words: the same words, the same time of day, the same date."""

# ruff: noqa: E501  (patterns and word tables)

import re
from decimal import Decimal

from flint import fmpq

from app.mathcheck.unwrap import as_prose, strip
from app.mathcheck.words import plain

_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?\s*(?:([ap])\.?\s?m\.?|(noon|midnight))|(noon|midnight)", re.I)
_DAY_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?:\s*(?:h|hrs|hours))?")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(days?|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b\.?", re.I)
_PARTS = re.compile(rf"{_PART.pattern}(?:\s*(?:(?:,|and|,\s*and)\s*)?{_PART.pattern})*", re.I)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_DATES = tuple(
    re.compile(p, re.I)
    for p in (
        rf"{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y>\d{{4}}))?",
        rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+(?P<y>\d{{4}}))?",
        r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})",
    )
)
_MAY_BE = re.compile(r"[\w:.,' -]+")
_WORDS = re.compile(r"\s*(?:[Aa] )?[A-Za-z']{2}[A-Za-z' ,.!-]*")
LONGEST = 60
"""Characters of a date or time."""


_LEAD = re.compile(
    r"(?:(?:so|thus|hence|therefore)\b,?\s+)?(?:(?:the\s+(?:(?:(?:final|correct)\s+)?answer|(?:given\s+)?(?:statement|claim|assertion|proposition|conjecture|sentence|inequality))|it|this|that)\s+is|it's|there\s+(?:is|are)|they\s+are|(?:final\s+)?answer\s*:)\s+",
    re.I,
)
_SYNONYMS = {
    "does not exist": "dne",
    "doesn't exist": "dne",
    "empty set": "no solution",
    "infinitely many solutions": "infinitely many",
}


def stated_words(text: str) -> str | None:
    """The words of a short text answer, without a lead-in such as "it is"; None if it is more than words, or asks."""
    bare = as_prose(text).strip().strip("$*`").strip()
    if not _WORDS.fullmatch(bare):
        return None
    lead = _LEAD.match(bare)
    words = plain(bare[lead.end() :] if lead else bare)
    return _SYNONYMS.get(words, words)


def same_moment(a: str, b: str) -> bool | None:
    """Whether two texts are the same date, time of day or length of time; None where that is not what both are.

    A time of 24 hours without a name, `15:30`, is one only beside a time that has one: else it is a ratio.
    """
    first, second = _moment(a), _moment(b)
    if first is None or second is None:
        first, second = first or _of_day(a, second), second or _of_day(b, first)
    if first is None or second is None or first[0] != second[0]:
        return None
    if first[0] == "span" and max(first[2], second[2]) < _COMPOUND:
        return None  # two plain quantities: their units are compared where all units are
    return first[1] == second[1]


_COMPOUND = 2
"""Parts from which a length of time is none that a single unit says."""
Moment = tuple[str, object, int]


def _moment(text: str) -> Moment | None:
    """A time of day, a date or a length of time in one form: what it is, its value, the number of its parts."""
    if len(text) > LONGEST or not any(c.isalpha() or c == "-" for c in text):
        return None
    bare = _bare(text)
    if not _MAY_BE.fullmatch(bare):
        return None
    if m := _CLOCK.fullmatch(bare):
        return _clock(m)
    for pattern in _DATES:
        if m := pattern.fullmatch(bare):
            month = int(m["m"]) if m["m"].isdigit() else 1 + _MONTHS.index(str(m["m"])[:3].lower())
            return "date", (m["y"], month, int(m["d"])), 1
    if _PARTS.fullmatch(bare):
        parts = [(fmpq(*Decimal(p[1]).as_integer_ratio()), p[2][0].lower()) for p in _PART.finditer(bare)]
        kinds = [kind for _, kind in parts]
        if len(set(kinds)) == len(kinds):
            return "span", sum((n * _SECONDS[kind] for n, kind in parts), fmpq(0)), len(parts)
    return None


def _bare(text: str) -> str:
    return strip(re.sub(r"\\text\{([^{}]*)\}", r"\1", text)).strip()


def _clock(m: re.Match[str]) -> Moment | None:
    name = (m[4] or m[5] or "").lower()
    if name:
        whole = m[1] in (None, "12") and m[2] in (None, "00")
        return ("clock", 0 if name == "midnight" else 720, 1) if whole else None
    hour, minute = int(m[1]), int(m[2] or 0)
    if not (1 <= hour <= 12 and minute < 60):
        return None
    return "clock", hour % 12 * 60 + minute + (720 if m[3].lower() == "p" else 0), 1


def _of_day(text: str, other: Moment | None) -> Moment | None:
    """A time of 24 hours, beside one that is surely a time."""
    if other is None or other[0] != "clock" or len(text) > LONGEST:
        return None
    m = _DAY_CLOCK.fullmatch(_bare(text))
    return None if m is None else ("clock", int(m[1]) * 60 + int(m[2]), 1)
