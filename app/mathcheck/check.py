"""The two entrances: a whole completion, or a bare answer, against a reference."""

import re
from functools import lru_cache

from flint import fmpq

from app.mathcheck.ast import Node
from app.mathcheck.clean import clean
from app.mathcheck.compare import compare, plain
from app.mathcheck.extract import extract, from_prose
from app.mathcheck.limits import MAX_ANSWER_CHARS, MathError, TooComplex, Unparsable
from app.mathcheck.outcome import Outcome
from app.mathcheck.parser import parse
from app.mathcheck.policy import DEFAULT_POLICY, Policy
from app.mathcheck.verdict import Extraction, Verdict
from app.status import Status

_PLAIN_FRACTION = re.compile(r"(-?)(?:\\[dt]?frac\{(\d{1,400})\}\{(\d{1,400})\}|(\d{1,400})(?:/(\d{1,400}))?)")
_PLAIN_NUMBER = re.compile(r"[-+]?\d{1,400}(?:\.\d{1,400})?")
_WORDY = re.compile(r"[A-Za-zÀ-ɏ\u0400-\u04ff一-鿿][^\\{}=<>^_]*")
_ESCAPED = re.compile(r"\\\\(?=[A-Za-z])")
_GLUED = re.compile(r"(?<=[\d)])(or|and)(?=[\dA-Z(])")
_CLOCK = re.compile(r"\d{1,2}:\d\d\s*[ap]\.?m\.?", re.I)
_WORDS = re.compile(r"\s*[A-Za-z']{2,}[A-Za-z' ,.!-]*")
_DENIAL = re.compile(r"\b(?:not|no|wrong|incorrect|false|or|maybe|perhaps|but|either|unless|except)\b|n't", re.I)
_OPTION = re.compile(r"\W*[A-J]\W*[.:)\]]\s*\S[^=+*/^<>]*")
_CHOICE = re.compile(r"\W*([A-Z])\W*")


def check(completion: str, reference: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Extract the answer of a completion and compare it with the reference. Never raises."""
    found = extract(completion, policy)
    if not isinstance(found, Extraction):
        if _unusable(reference):
            return Verdict(None, Status.BAD_REFERENCE, detail="the reference is empty")
        return Verdict(0.0, Status.NO_ANSWER, detail=found.reason)
    verdict = check_answer(found.text, reference, policy)
    return Verdict(
        verdict.score,
        verdict.status,
        verdict.certificate,
        found,
        verdict.detail,
        (f"found {found.text!r}: {found.reason}", *verdict.steps),
    )


def check_answer(answer: str, reference: str, policy: Policy = DEFAULT_POLICY) -> Verdict:
    """Compare a bare answer with the reference. Never raises."""
    if _unusable(reference):
        return Verdict(None, Status.BAD_REFERENCE, detail="the reference is empty")
    if (
        _PLAIN_NUMBER.fullmatch(answer)
        and _PLAIN_NUMBER.fullmatch(reference)
        and policy.digits is None is policy.rel_tol
    ):
        same = answer == reference or _decimal(answer) == _decimal(reference)
        return Verdict(float(same), Status.OK, "exact", detail="decimal numbers", steps=("both are plain numbers",))
    if policy.digits is None is policy.rel_tol and (x := _fraction(answer)) and (y := _fraction(reference)):
        same = x[0] * y[1] == y[0] * x[1]
        return Verdict(float(same), Status.OK, "exact", detail="fractions", steps=("both are plain fractions",))
    if not answer.strip():
        return Verdict(0.0, Status.NO_ANSWER, detail="the answer is empty")
    if len(answer) > MAX_ANSWER_CHARS:
        return Verdict(0.0, Status.TOO_COMPLEX, detail="the answer is too long")
    try:
        return _compare(answer, reference, policy)
    except RecursionError:  # the bounds keep far from it; a caller's own deep stack may not
        return Verdict(0.0, Status.TOO_COMPLEX, detail="nested too deep")


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


def _decimal(text: str) -> fmpq:
    whole, _, decimals = text.partition(".")
    return fmpq(int(whole + decimals), 10 ** len(decimals))


def _compare(answer: str, reference: str, policy: Policy) -> Verdict:
    words = plain(answer)
    if _WORDS.fullmatch(answer) and _WORDS.fullmatch(reference) and words == plain(reference) and words:
        return Verdict(1.0, Status.OK, "text", detail="the same words")
    if words and plain(reference) == words and strip(answer) == strip(reference):
        return Verdict(1.0, Status.OK, "text", detail="the same text", steps=("the texts are the same",))
    if _CLOCK.fullmatch(strip(answer)) and strip(answer).casefold().replace(".", "") == strip(
        reference
    ).casefold().replace(".", ""):
        return Verdict(1.0, Status.OK, "text", detail="the same time of day")
    letter = _choice(reference, answer)
    if letter is None and _OPTION.fullmatch(re.sub(r"\\text(?:bf)?|[{}]", "", strip(reference))):
        letter = _choice(answer, reference)
    if letter is not None:
        return Verdict(float(letter), Status.OK, "text", detail="multiple choice", steps=("the reference is a letter",))
    try:
        golds = readings(reference)
    except TooComplex as error:
        return Verdict(None, Status.BAD_REFERENCE, detail=f"reference: {error}")
    except Unparsable as error:
        if _WORDY.fullmatch(reference.strip()) or "\\text" in reference:
            same = plain(answer) == plain(reference)
            return Verdict(float(same), Status.OK, "text", detail="compared as words")
        return Verdict(None, Status.BAD_REFERENCE, detail=f"reference: {error}")
    if any(g.op == "text" for g in golds) and plain(answer) == plain(reference):
        return Verdict(1.0, Status.OK, "text", detail="the same words")
    try:
        answers = readings(answer)
    except TooComplex as error:
        return Verdict(0.0, Status.TOO_COMPLEX, detail=str(error))
    except Unparsable as error:
        return Verdict(0.0, Status.UNPARSABLE, detail=str(error))
    return _decide(answers, golds, policy)


def _decide(answers: tuple[Node, ...], golds: tuple[Node, ...], policy: Policy) -> Verdict:
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


def _too_complex_itself(gold: Node, policy: Policy) -> bool:
    try:
        compare(gold, Node("num", (), fmpq(1)), policy)
    except TooComplex:
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


def _choice(reference: str, answer: str) -> bool | None:
    """Whether the answer is the reference's letter; None if the reference is no single capital."""
    gold = _CHOICE.fullmatch(strip(reference).replace("\\text", "").replace("\\mathrm", "").replace("\\textbf", ""))
    if gold is None or "\\" in gold[0]:
        return None
    text = re.sub(r"\\(?:text|textbf|mathrm|mathbf|textit|bf|boxed)\b", "", strip(answer)).strip()
    m = re.fullmatch(r"[\W_]*([A-Za-z])[\W_]*", text)
    if m and not re.search(r"[-+*^/=!<>|']", text):
        return m[1].upper() == gold[1] if gold[1] in "ABCDEFGHIJ" else m[1] == gold[1]
    stated = re.findall(r"(?:answer|choice)\s*(?:is|:)\W{0,4}([A-Za-z])\b", text, re.I)
    if stated:
        return stated[-1].upper() == gold[1]
    if re.search(r"[*/^=+]", text):
        return None
    m = re.search(r"^[\W_]*([A-Z])[\W_]*[.:)\]]\s+\S|[({\[]\s*([A-Z])\s*[)}\]]", text)
    if m:
        others = re.findall(r"\(([A-J])\)", text)
        return (m[1] or m[2]) == gold[1] and len(set(others)) <= 1
    if re.search(r"[-+*/^=\\\\\d]", text):
        return None
    letters = re.findall(r"(?<![A-Za-z])[A-J](?![A-Za-z])", text)
    if (
        len(set(letters)) == 1
        and re.search(r"[A-Za-z]{2,}", text)
        and not re.search(r"\b(?:not|n't)\b|n't|≠|\\ne", text)
    ):
        return (letters[0] == gold[1] and letters[0] != "A") or (
            bool(re.search(r"(?:is|answer|:)\W*A\b", text)) and gold[1] == "A"
        )
    return None if re.search(r"\d|\\", text) else False


def strip(text: str) -> str:
    """An answer without the delimiters, boxes and full stops around it."""
    text = clean(_ESCAPED.sub(r"\\", text) if "begin" not in text else text).strip()
    while True:
        before = text
        for left, right in (
            ("$$", "$$"),
            ("$", "$"),
            ("\\(", "\\)"),
            ("\\[", "\\]"),
            ("**", "**"),
            ("`", "`"),
            ('"', '"'),
        ):
            if text.startswith(left) and text.endswith(right) and len(text) > len(left) + len(right):
                inner = text[len(left) : -len(right)]
                if left not in inner:
                    text = inner.strip()
        text = text.rstrip(" ;:").rstrip()
        if text.endswith((".", ",")) and not text.endswith(("..", "\\,")):
            text = text[:-1].rstrip()
        text = text.removesuffix("\\!").removesuffix("\\noindent").strip()
        if text == before:
            return text


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Node, ...]:
    """Trees of an answer, the most usual reading first. Raises Unparsable, TooComplex."""
    s = strip(text)
    if "\\boxed" in s and not s.startswith("\\boxed") and (inner := _within(text)) is not None:
        return readings(inner)
    try:
        first = _tree(s)
    except Unparsable as error:
        if not _is_prose(s, str(error)):
            raise
        inner = _within(clean_lines(text))
        if inner is None or strip(inner) == s:
            raise
        return readings(inner)
    found = [first]
    if (
        (first.op == "text" or has_text(first))
        and re.search(r"\d", s)
        and (inner := _within(text)) is not None
        and inner != s
    ):
        return readings(inner)
    if "," in s:
        for options in ({"group": False}, {"decimal_comma": True}):
            try:
                other = _tree(s, **options)
            except MathError:
                continue
            if other not in found and not (
                options.get("decimal_comma") and not re.search(r"\b0,\d|\d,\d{2}\b|\d,\d{4}", s)
            ):
                found.append(other)
    return tuple(found)


def _within(text: str) -> str | None:
    """The answer inside a sentence; shorter than the sentence, so that looking inside comes to an end."""
    inner = from_prose(text)
    return inner if inner is not None and len(inner) < len(text) else None


def _is_prose(s: str, error: str) -> bool:
    """Whether a text that does not parse is a sentence, so that its value may be looked for inside."""
    if "words that change" in error and ("\\text" in s or _DENIAL.search(s)):
        return False
    if "\\boxed" in s:
        return True
    if "unknown command" in error and not re.search(r"\$|\\[(\[]|\\boxed", s):
        return False
    outside = re.sub(r"\\[A-Za-z]+(?:\{[^{}]*\})?", " ", s)
    return bool(re.search(r"[^\W\d_]{2}|[一-鿿]|\$", outside))


def clean_lines(text: str) -> str:
    return "\n".join(clean(line) for line in text.splitlines())


def has_text(node: Node) -> bool:
    """Whether words stand where a value should: a sentence that happened to parse."""
    return any(a.op == "text" for a in node.args) and node.op == "ratio"


def _tree(s: str, **options: bool) -> Node:
    if s.startswith("$\\") and s.count("$") % 2:
        s = s[1:]
    s = _GLUED.sub(r" \1 ", s)
    if s.count("$") % 2 == 0 and "\\$" not in s:
        s = s.replace("$", " ")
    for mark in ("\\(", "\\)", "\\[", "\\]"):
        s = s.replace(mark, " ")
    return parse(s.strip(), **options)
