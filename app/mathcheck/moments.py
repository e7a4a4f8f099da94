"""Answers in words: the same words, the same time of day, the same date."""

# ruff: noqa: E501  (patterns and word tables)

import re

from app.mathcheck.unwrap import as_prose, strip
from app.mathcheck.words import plain

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)\s*([ap])\.?m\.?", re.I)
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
_WORDS = re.compile(r"\s*[A-Za-z']{2,}[A-Za-z' ,.!-]*")
LONGEST = 60
"""Characters of a date or time."""


_LEAD = re.compile(
    r"(?:(?:so|thus|hence|therefore)\b,?\s+)?(?:(?:the\s+(?:(?:final|correct)\s+)?answer|it|this)\s+is|it's|there\s+(?:is|are)|they\s+are|(?:final\s+)?answer\s*:)\s+",
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


def moment(text: str) -> tuple[object, ...] | None:
    """A time of day or a date in one form; None if the text is neither."""
    if len(text) > LONGEST or not any(c.isalpha() or c == "-" for c in text):
        return None
    bare = strip(re.sub(r"\\text\{([^{}]*)\}", r"\1", text)).strip()
    if m := _CLOCK.fullmatch(bare):
        return int(m[1]), m[2], m[3].lower()
    for pattern in _DATES:
        if m := pattern.fullmatch(bare):
            month = int(m["m"]) if m["m"].isdigit() else 1 + _MONTHS.index(str(m["m"])[:3].lower())
            return m["y"], month, int(m["d"])
    return None
