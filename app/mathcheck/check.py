"""Compares answers: as exact rationals where both are numbers, else as normalised text."""

import re

from app.mathcheck import number
from app.mathcheck.extract import NoAnswer, extract
from app.mathcheck.policy import DEFAULT_POLICY, Policy
from app.mathcheck.verdict import Verdict
from app.status import Status

_TIMES_LONGER = 50
"""An answer so many times longer than its reference, and over the length of any number, is needlessly monstrous."""
_WRAPPERS = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}")
_DELIMITERS = re.compile(r"^(?:\$+|\\\(|\\\[)|(?:\$+|\\\)|\\\])$")
_SPACE = re.compile(r"\s+|\\[,;!: ]")


def check(completion: str, reference: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Find the answer of a completion and compare it with the reference."""
    found = extract(completion, policy)
    if isinstance(found, NoAnswer):
        return Verdict(0.0, Status.NO_ANSWER, detail=found.reason)
    verdict = check_answer(found.text, reference, policy)
    return Verdict(verdict.score, verdict.status, verdict.certificate, found, verdict.detail)


def check_answer(answer: str, reference: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Compare a bare answer with the reference."""
    problem = _problem(reference)
    if problem is not None:
        return Verdict(None, Status.BAD_REFERENCE, detail=problem)
    if len(answer) > number.MAX_CHARS and len(answer) > _TIMES_LONGER * len(reference):
        return Verdict(0.0, Status.TOO_COMPLEX, detail=f"an answer of {len(answer)} characters")
    wanted, given = (number.read(text, percent=policy.percent) for text in (reference, answer))
    if wanted is not None and given is not None:
        return Verdict(float(wanted == given), Status.OK, "exact")
    return Verdict(float(_normal(answer) == _normal(reference)), Status.OK, "text")


def _problem(reference: str) -> str | None:
    if not reference.strip():
        return "the reference is blank"
    if reference.count("{") != reference.count("}"):
        return "the reference's braces don't match"
    return None


def _normal(text: str) -> str:
    text = _DELIMITERS.sub("", _DELIMITERS.sub("", text.strip()))
    text = _WRAPPERS.sub(r"\1", text).replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    return _SPACE.sub("", text).rstrip(".").casefold()
