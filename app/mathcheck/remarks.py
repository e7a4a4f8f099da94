"""What is said behind a value in a bare answer without changing it: `42, not 43`, `42 (exactly)`, `42, as 43 is odd`."""

# ruff: noqa: E501  (patterns)

import re

from app.mathcheck.phrases import HEDGE

_SIGNS = ("not", "rather", "instead", "opposed", "exact", "since", "because")
_CONTRAST = re.compile(
    r"(?P<value>[^,;]{1,80}?)\s*(?:[,;(–—]\s*(?:(?:and|but)\s+)?not|[,(\s]\s*(?:rather\s+than|instead\s+of|as\s+opposed\s+to))"
    r"\s+(?P<other>[-+$\\({]*[\d.]*[^\W_][^\s,;]{0,40})\s*\)?\s*",
    re.I,
)
_REMARK = re.compile(
    r"(?P<value>[^,;]{1,80}?)\s*(?:[,(]\s*(?:exact(?:ly)?|precisely)\s*\)?|,?\s*\(?(?:since|because)\s.{1,160})\s*",
    re.I | re.S,
)
MAX_CHARS = 400
"""A value with a remark behind it is not longer; the patterns would try rows of spaces in all ways."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[A-Za-z]{3,}")


def without_remark(text: str) -> str:
    """The value alone. What denies the same value, or stands beside words, is no remark."""
    low = text.lower()
    if len(text) > MAX_CHARS or not any(sign in low for sign in _SIGNS):
        return text
    found = _CONTRAST.fullmatch(text)
    if found and found["value"].strip("$ ") == found["other"].strip("$ )"):
        return text
    if found and not _DIGIT.search(found["other"]):
        return text
    found = found or _REMARK.fullmatch(text)
    if found is not None and not HEDGE.isdisjoint(low[found.end("value") :].split()):
        return text
    if found is None or not _DIGIT.search(found["value"]) or _WORD.search(re.sub(r"\\[A-Za-z]+", "", found["value"])):
        return text
    return found["value"]
