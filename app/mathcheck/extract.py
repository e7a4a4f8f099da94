"""Find the final answer in a completion, in time linear in its length."""

# ruff: noqa: E501  (patterns)

import re
from collections.abc import Callable
from dataclasses import replace

from app.completion import Span, sections
from app.mathcheck.boxes import boxed
from app.mathcheck.candidate import Candidate, Found
from app.mathcheck.competing import competes
from app.mathcheck.later import overridden
from app.mathcheck.manner import Manner, is_decimal
from app.mathcheck.policy import ALL_SOURCES, DEFAULT_POLICY, Policy, Source
from app.mathcheck.qualify import qualified
from app.mathcheck.sources import bold, formula, hashed, number, tagged, whole
from app.mathcheck.statements import stated
from app.mathcheck.usual import usual_answer
from app.mathcheck.verdict import Extraction, NoAnswer
from app.mathcheck.visible import HIDING, hides, visible

WEAK: frozenset[Source] = frozenset(["bold", "math", "whole", "number"])
"""Sources that find a value where none is marked as the answer."""
_IN_LINES: frozenset[Source] = frozenset(["phrase", "hash", "bold", "math", "number"])
"""Sources of which a text may hold several, one a line."""
SHORT = 100
"""A completion of so many characters without a marked answer is read as strictly as a bare answer."""
INJECTED = re.compile(
    r"\b(?:grader|reference answer|ground truth|answer key|previous instructions|full (?:marks|credit)|mark (?:this|it|the answer) (?:as )?correct|"
    r"is graded|score (?:this|it)|system prompt)\b",
    re.I,
)
INJECTION = 1_000
"""Characters at the end in which words to the grader are looked for."""


_NOTHING = re.compile(r"\\(?:emptyset|varnothing)|∅|\\\{\s*\\\}|(?:\\text\s*\{)?\s*no (?:real )?solutions?\s*\}?", re.I)
_NONE = re.compile(
    r"\b(?:no (?:\w+ ){0,2}?(?:solution|value|number|root|integer|answer)s?|(?:not|n't) exist|none)\b", re.I
)
"""What says the same as that value and does not deny it."""


def extract(completion: str, policy: Policy = DEFAULT_POLICY) -> Extraction | NoAnswer:
    """The final answer outside of the chain of thought, by the first of the policy's sources that holds one."""
    usual = usual_answer(completion) if policy.sources is ALL_SOURCES else None
    return usual or extract_in_full(completion, policy)


def extract_in_full(completion: str, policy: Policy = DEFAULT_POLICY) -> Extraction | NoAnswer:
    """The same without the short way for the usual completion."""
    part = answer_part(completion)
    if isinstance(part, NoAnswer):
        return part
    return _search(completion[: part.end], part.start, policy, strict=False)


_IN_PROSE = replace(DEFAULT_POLICY, sources=tuple(s for s in ALL_SOURCES if s != "whole"))


def from_prose(text: str, *, lenient: bool = False) -> Extraction | NoAnswer:
    """The value inside a bare answer that is a sentence; `lenient` for a reference that is a whole solution."""
    return _search(text, 0, _IN_PROSE, strict=True, lenient=lenient)


def answer_part(completion: str) -> Span | NoAnswer:
    """The last part outside of thought that holds anything."""
    part = Span(0, len(completion))
    if "<" in completion and "think>" in completion:
        parts = sections(completion)
        if not parts.closed:
            return NoAnswer("the chain of thought is never closed")
        filled = (p for p in reversed(parts.outside) if not p.of(completion).isspace())
        part = next(filled, Span(0, 0))
    elif completion.isspace():  # it stops at the first character that is none
        part = Span(0, 0)
    return part if part.end else NoAnswer("nothing outside of the chain of thought")


def _search(
    completion: str, offset: int, policy: Policy, *, strict: bool, lenient: bool = False
) -> Extraction | NoAnswer:
    text = completion[offset:] if offset else completion
    found, source = _first(text, policy)
    if found is not None and hides(text[_window(found) :]):
        text = text[: _window(found)] + visible(text[_window(found) :])
        found, source = _first(text, policy)
    if found is None:
        return NoAnswer("no marked answer and no number", unmarked=True)
    if isinstance(found, NoAnswer):
        return found
    weak = source in WEAK
    if weak and not strict and INJECTED.search(text[-INJECTION:]):
        return NoAnswer("the text speaks to the grader and states no answer")
    if source in _IN_LINES and not lenient and competes(text, found.start, found.end, bare=source == "number"):
        return NoAnswer("several competing answers")
    if not lenient:
        short = weak and len(text) <= SHORT
        start, end = found.outer or (found.start, found.end)
        exact = strict or (policy.digits is None is policy.rel_tol and not is_decimal(found.text))
        manner = Manner((strict or short) and source != "phrase", exact, "\\boxed" in found.reason, weak)
        reason = qualified(text, start, end, manner)
        if reason and not (_NOTHING.fullmatch(found.text) and _NONE.search(text, max(0, start - SHORT), start)):
            return NoAnswer(reason)
    return Extraction(found.text, source, found.start + offset, found.end + offset, found.reason)


def _first(text: str, policy: Policy) -> tuple[Found, Source]:
    """What the first source that holds anything holds."""
    source: Source = "number"
    for source in policy.sources:
        found = _FINDERS[source](text)
        if found is not None:
            return (overridden(text, found) if source == "boxed" and isinstance(found, Candidate) else found), source
    return None, source


def _window(found: Candidate | NoAnswer) -> int:
    """From where on commands that hide text may hide the answer."""
    return max(0, found.start - HIDING) if isinstance(found, Candidate) else 0


_FINDERS: dict[Source, Callable[[str], Found]] = {
    "verifier_answer": lambda text: tagged("verifier_answer", text),
    "answer_tag": lambda text: tagged("answer", text),
    "boxed": boxed,
    "phrase": stated,
    "hash": hashed,
    "bold": bold,
    "math": formula,
    "whole": whole,
    "number": number,
}
