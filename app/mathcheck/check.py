"""The two entrances: a whole completion, or a bare answer, against a reference."""

import re

from flint import fmpq

from app.mathcheck.ast import Node
from app.mathcheck.choices import chooses, letters, listed, named, option
from app.mathcheck.compare import compare
from app.mathcheck.extract import answer_part, extract_in_full
from app.mathcheck.limits import MAX_ANSWER_CHARS, MAX_WORK, MathError, TooComplex, Unparsable
from app.mathcheck.moments import same_moment, stated_words
from app.mathcheck.outcome import Outcome
from app.mathcheck.policy import ALL_SOURCES, DEFAULT_POLICY, Policy, Source
from app.mathcheck.readings import Unstated, readings
from app.mathcheck.unwrap import strip
from app.mathcheck.usual import usual_answer
from app.mathcheck.verdict import Extraction, NoAnswer, Verdict
from app.mathcheck.visible import visible
from app.mathcheck.words import plain
from app.mathcheck.work import Exhausted, budget
from app.status import Status

_OK = Status.OK  # a look-up in an enum costs as much as a search
_PLAIN_FRACTION = re.compile(r"(-?)(?:\\[dt]?frac\{(\d{1,400})\}\{(\d{1,400})\}|(\d{1,400})(?:/(\d{1,400}))?)")
_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,400}(?:\.\d{1,400})?")
_WORDY = re.compile(r"[A-Za-zÀ-ɏ\u0400-\u04ff一-鿿][^\\{}=<>^_]*")
_UNMARKED: frozenset[Source] = frozenset(["bold", "math", "whole", "number"])
"""Sources that find a value where none is marked as the answer: a letter named in a sentence goes before them."""
_NEAR = re.compile(
    r"(?:\b(?:approximately|approx\.?|about|around|roughly|nearly|circa)\s*|\\approx\s*|≈\s*|(?<![\w}])~\s*)"
    r"(?=[$\\(\s-]*\d)",
    re.I,
)
"""Where the policy rounds, a number that is said to be rounded is an answer."""
_LAST_WORDS = 600
"""Characters at the end of a completion in which an option may be named."""


def check(completion: str, reference: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Extract the answer of a completion and compare it with the reference. Never raises."""
    usual = usual_answer(completion) if policy.sources is ALL_SOURCES else None
    if usual and policy is DEFAULT_POLICY and (verdict := _plain_numbers(usual.text, reference, usual)):
        return verdict
    found = usual or extract_in_full(completion, policy)
    if (isinstance(found, NoAnswer) and found.unmarked) or (
        isinstance(found, Extraction) and found.source in _UNMARKED
    ):
        found = _named_option(completion, reference, found)
    if isinstance(found, Extraction) and _is_of_a_list(completion, found):
        found = NoAnswer("a list of options, none of them chosen")
    if isinstance(found, NoAnswer):
        if _unusable(reference):
            return Verdict(None, Status.BAD_REFERENCE, detail="the reference is empty")
        return Verdict(0.0, Status.NO_ANSWER, detail=found.reason)
    verdict = check_answer(found.text, reference, policy)
    score, status, certificate, _, detail, steps = verdict
    return Verdict(score, status, certificate, found, detail, steps)


def _is_of_a_list(completion: str, found: Extraction) -> bool:
    """Whether the answer is the first of a copied list of options."""
    if found.text[:1] not in "([*\\" and not "A" <= found.text[:1] <= "J":
        return False
    if _PLAIN_FRACTION.fullmatch(found.text):  # the usual answer that begins with a command
        return False
    given = option(found.text)
    return given is not None and given.letter <= "J" and listed(completion, found.end)


def _named_option(completion: str, reference: str, found: Extraction | NoAnswer) -> Extraction | NoAnswer:
    """The option that the last words name, where the reference is one and no answer is marked."""
    if len(reference) > 2 * _LAST_WORDS or (gold := option(reference)) is None or gold.letter > "J":
        return found
    if isinstance(found, Extraction) and option(found.text):
        return found
    part = answer_part(completion)
    if isinstance(part, NoAnswer):
        return found
    start = max(part.start, part.end - _LAST_WORDS)
    tail = visible(completion[start : part.end])
    letter = named(tail)
    at = tail.rfind(letter) if letter else -1
    return (
        found
        if letter is None
        else Extraction(letter, "phrase", start + at, start + at + 1, "the option that is named")
    )


def check_answer(answer: str, reference: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Compare a bare answer with the reference. Never raises."""
    if policy.digits is None is policy.rel_tol and (quick := _plain_numbers(answer, reference)) is not None:
        return quick
    if _unusable(reference):
        return Verdict(None, Status.BAD_REFERENCE, detail="the reference is empty")
    if not answer.strip():
        return Verdict(0.0, Status.NO_ANSWER, detail="the answer is empty")
    if len(answer) > MAX_ANSWER_CHARS:
        return Verdict(0.0, Status.TOO_COMPLEX, detail="the answer is too long")
    if policy.digits is not None or policy.rel_tol is not None:
        answer, reference = _NEAR.sub("", answer), _NEAR.sub("", reference)
    try:
        return _compare(answer, reference, policy)
    except RecursionError:  # the bounds keep far from it; a caller's own deep stack may not
        return Verdict(0.0, Status.TOO_COMPLEX, detail="nested too deep")


def _plain_numbers(answer: str, reference: str, found: Extraction | None = None) -> Verdict | None:
    """The verdict on two plain decimals or fractions, the short way; None for all else."""
    if _PLAIN_NUMBER.fullmatch(answer) and _PLAIN_NUMBER.fullmatch(reference):
        score = 1.0 if answer == reference or _same_decimal(answer, reference) else 0.0
        return Verdict(score, _OK, "exact", found, "decimal numbers", ("both are plain numbers",))
    if (x := _fraction(answer)) and (y := _fraction(reference)):
        score = 1.0 if x[0] * y[1] == y[0] * x[1] else 0.0
        return Verdict(score, _OK, "exact", found, "fractions", ("both are plain fractions",))
    return None


def _fraction(text: str) -> tuple[int, int] | None:
    """Numerator and denominator of a plain fraction or integer; None for all else."""
    m = _PLAIN_FRACTION.fullmatch(text)
    if m is None:
        return None
    top, bottom = m[2] or m[4], int(m[3] or m[5] or 1)
    if not bottom:
        return None
    return (-int(top) if m[1] == "-" else int(top)), bottom


def _unusable(reference: str) -> bool:
    return not reference.strip() or len(reference) > MAX_ANSWER_CHARS


def _same_decimal(a: str, b: str) -> bool:
    (a, _, p), (b, _, q) = a.partition("."), b.partition(".")
    places = max(len(p), len(q))
    return int(a + p.ljust(places, "0")) == int(b + q.ljust(places, "0"))


def _compare(answer: str, reference: str, policy: Policy) -> Verdict:
    if verdict := _as_words(answer, reference) or _as_choice(answer, reference, policy):
        return verdict
    try:
        golds = readings(reference, reference=True)
    except TooComplex as error:
        return Verdict(None, Status.BAD_REFERENCE, detail=f"reference: {error}")
    except Unparsable as error:
        if _WORDY.fullmatch(reference.strip()) or "\\text" in reference or isinstance(error, Unstated):
            same = plain(answer) == plain(reference) and ("?" in answer) == ("?" in reference)
            return Verdict(float(same), Status.OK, "text", detail="compared as words")
        return Verdict(None, Status.BAD_REFERENCE, detail=f"reference: {error}")
    if any(g.op == "text" for g in golds) and plain(answer) == plain(reference) and "?" not in answer:
        return Verdict(1.0, Status.OK, "text", detail="the same words")
    try:
        answers = readings(answer)
    except TooComplex as error:
        return Verdict(0.0, Status.TOO_COMPLEX, detail=str(error))
    except Unstated as error:
        return Verdict(0.0, Status.NO_ANSWER, detail=str(error))
    except Unparsable as error:
        return Verdict(0.0, Status.UNPARSABLE, detail=str(error))
    return _decide(answers, golds, policy)


def _as_words(answer: str, reference: str) -> Verdict | None:
    """The verdict where the texts themselves are the same."""
    words = stated_words(answer)
    if words and words == stated_words(reference):
        return Verdict(1.0, Status.OK, "text", detail="the same words")
    if strip(answer) == strip(reference) != "" and plain(answer) == plain(reference):
        return Verdict(1.0, Status.OK, "text", detail="the same text", steps=("the texts are the same",))
    when = same_moment(answer, reference)
    if when is not None:
        return Verdict(float(when), Status.OK, "text", detail="the same time" if when else "another time")
    return None


def _as_choice(answer: str, reference: str, policy: Policy) -> Verdict | None:
    """The verdict where one of both is an option: by its letter, or by its text where the other has no letter."""
    gold, given = option(reference), None
    if gold is not None:
        chosen = chooses(answer, gold)
        if chosen is None and gold.text:
            return check_answer(answer, gold.text, policy)
        return None if chosen is None else _chosen(chosen)
    if several := letters(reference):
        return _chosen(letters(answer) == several) if letters(answer) or option(answer) else None
    given = option(answer)
    if given is not None and given.text and not letters(answer):
        return check_answer(given.text, reference, policy)
    return None


def _chosen(right: bool) -> Verdict:
    return Verdict(float(right), Status.OK, "text", detail="multiple choice", steps=("the reference is an option",))


def _decide(answers: tuple[Node, ...], golds: tuple[Node, ...], policy: Policy) -> Verdict:
    if answers[0].op == "num" == golds[0].op:  # too small to be counted
        return _by_readings(answers, golds, policy)
    try:
        with budget():
            return _by_readings(answers, golds, policy)
    except Exhausted:
        pass
    if any(_too_complex_itself(gold, policy) for gold in golds):
        return Verdict(None, Status.BAD_REFERENCE, detail="too much work")
    if any(_too_complex_itself(answer, policy) for answer in answers):
        return Verdict(0.0, Status.TOO_COMPLEX, detail="too much work")
    return Verdict(None, Status.UNDECIDED, "undecided(too much work)", detail="too much work")


def _by_readings(answers: tuple[Node, ...], golds: tuple[Node, ...], policy: Policy) -> Verdict:
    steps: list[str] = []
    last = Outcome(False, "exact", "")
    problem: Verdict | None = None
    undecided = False
    for gold in golds:
        for answer in answers:
            try:
                outcome = compare(answer, gold, policy)
            except TooComplex as error:
                status = Status.BAD_REFERENCE if _too_complex_itself(gold, policy) else Status.TOO_COMPLEX
                problem = problem or Verdict(None if status.abstains else 0.0, status, detail=str(error))
                continue
            except (MathError, ZeroDivisionError, OverflowError) as error:
                problem = problem or Verdict(0.0, Status.UNPARSABLE, detail=str(error))
                continue
            steps.append(f"{answer.op} against {gold.op}: {outcome.detail} [{outcome.certificate}]")
            if outcome.equal:
                if _too_weak(outcome.certificate, policy):
                    return Verdict(
                        None, Status.UNDECIDED, f"undecided(only {outcome.certificate})", detail=outcome.detail
                    )
                return Verdict(1.0, Status.OK, outcome.certificate, None, outcome.detail, tuple(steps))
            undecided |= outcome.equal is None
            last = outcome if outcome.equal is None or not last.detail else last
    if problem is not None and not steps:
        return problem
    if undecided:
        return Verdict(None, Status.UNDECIDED, last.certificate, None, last.detail, tuple(steps))
    return Verdict(0.0, Status.OK, last.certificate, None, last.detail, tuple(steps))


def _too_complex_itself(node: Node, policy: Policy) -> bool:
    """Whether one side alone, beside the number one, takes too much."""
    try:
        with budget(MAX_WORK // 2):
            compare(node, Node("num", (), fmpq(1)), policy)
    except (TooComplex, Exhausted):
        return True
    except (MathError, ZeroDivisionError, OverflowError):
        return False
    return False


def _too_weak(certificate: str, policy: Policy) -> bool:
    if policy.min_certificate == "numeric":
        return False
    if certificate.startswith("numeric"):
        return True
    return policy.min_certificate == "exact" and certificate == "identity"
