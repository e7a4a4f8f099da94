"""What is stated as the answer behind a box: it goes before the box, or leaves no answer where the two differ."""

import re

from app.mathcheck.candidate import Candidate
from app.mathcheck.qualify import qualified
from app.mathcheck.statements import in_lower_case, stated
from app.mathcheck.verdict import NoAnswer

LATER = (
    "inal",
    "INAL",
    "answer is",
    "answer must",
    "answer should",
    "should",
    "must be",
    "correct",
    "right",
    "true",
    "actual",
    "答案",
)
"""Behind a box, without one of these nothing states another answer."""
_OTHERWISE = re.compile(
    r"(?:(?:\bthe (?:(?:correct|right|true|actual|real) )?answer|答案|"
    r"\b(?:correct|right|true|actual) (?:value|result|number|count|total|sum)) ?"
    r"(?:is|must be|should be|should have been|has to be|是|应为|应该是)|"
    r"\bit (?:should be|should have been|ought to be))"
    r"(?: (?:actually|really|in fact|instead|therefore))? ?[$(\\*\[]{0,4}(?P<value>-?\d[\d.,]*)(?![\d{^/])",
    re.I,
)
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
SAID_AFTER = 1_000
"""Characters behind a box in which it may be contradicted."""


def overridden(text: str, box: Candidate) -> Candidate | NoAnswer:
    """The box, or the final answer that is stated after it."""
    rest = text[box.end :]
    if not any(sign in rest for sign in LATER):
        return box
    at = in_lower_case(rest).find("final answer") if "inal" in rest or "INAL" in rest else -1
    if at < 0:
        return _contradicted(text, box)
    later = stated(rest[at:])
    if isinstance(later, NoAnswer):
        return later
    if later is None or not any(c.isdigit() or c in "\\√π" for c in later.text):
        return box
    shift = box.end + at
    start, end = later.outer or (later.start, later.end)
    return Candidate(
        later.start + shift,
        later.end + shift,
        later.text,
        "final answer stated after the box",
        (start + shift, end + shift),
    )


def _contradicted(text: str, box: Candidate) -> Candidate | NoAnswer:
    """The box, unless it is a number and another number is stated as the answer behind it."""
    value = box.text.strip("$ ")
    if not _NUMBER.fullmatch(value):
        return box
    for m in _OTHERWISE.finditer(text, box.end, box.end + SAID_AFTER):
        if _digits(m["value"]) != _digits(value) and not qualified(text, *m.span("value")):
            return NoAnswer("another value is stated as the answer behind the box")
    return box


def _digits(number: str) -> str:
    bare = number.rstrip(".,").replace(",", "")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare
