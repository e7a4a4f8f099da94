"""What the words around a value make of it: a statement, or a denial, a guess, a bound, a condition, a question.

Every source of answers passes here, so that "not 42", "42 or so", "is it 42?" are no answers wherever they stand.
The rules read a window of words on both sides, within the sentence: bounded work for each candidate.
"""

# ruff: noqa: E501  (patterns and word tables)

import re
from typing import NamedTuple

from app.mathcheck.phrases import (
    AFTER_MARKS,
    APPROXIMATE,
    APPROXIMATED,
    BEFORE_MARKS,
    BOUND,
    BOXED_MARKS,
    CLAUSE,
    CONDITION,
    DENIAL,
    DOUBT,
    EXCLUSIVE,
    FILLER,
    HEDGE,
    LISTED,
    METHOD,
    QUOTED,
    TASK,
    UNCLEAR_AFTER,
    WORK,
)

WINDOW = 200
"""Characters on each side that may change what a value is said to be."""
_CLOSERS = " \n.$)]}*\\"
"""What may end the sentence of an answer without a word on it."""
_TOKEN = re.compile(r"[a-z]+|\d[\d.,]*|(?<![\w}\\])~|[≠≈?<>∼≤≥±¬\u0338%]|(?<![\w)}!])!=|[,;:()=]|[一-鿿]")
_END = re.compile(r"(?<!approx)(?<!ca)[.!?](?=\s|$)|[。！？]|\n\s*\n|</?[a-z|][^<>\n]{0,40}>", re.I)
_START = re.compile(
    r"(?<!approx)(?<!ca)[.!?][)*\"'”_$]*\s|[。！？]|\n\s*\n|</?[a-zA-Z|][^<>\n]{0,40}>|\n(?=[-*#>•] |[A-Z\d一-鿿])"
)
_CHINESE_BEFORE = re.compile(
    r"(?:不(?:可能)?(?:是|等于|为|会是)|并非|而非|不选|排除|错误的?(?:是|为)?|可能(?:是|为)?|也许(?:是)?|或许(?:是)?|大约(?:是|为)?|大概(?:是|为)?|约(?:是|为|等于)?|"
    r"近似(?:是|为)?|接近|至少(?:是|为)?|至多(?:是|为)?|最多(?:是|为)?|超过|小于|大于|不足|或者?(?:是)?|还是|如果.{0,40}|若.{0,40}(?:则|时).{0,10}|假设.{0,20}|假如.{0,40}|否则.{0,10})"
    r"[\s$*\\(\[{boxedfb:：]*$"
)
_CHINESE_AFTER = re.compile(r"^[\s$*)}\]]*(?:吗|左右|上下|还是|或者?|不对|是错|错误|以上|以下|如果|若|，?否则)")
_RETRACTED = re.compile(
    r"^[\s.$)\]}*!,;:—–-]*(?:(?:but\s+|however,?\s+)?i(?:'m| am)\s+not\s+(?:\w+\s+)?(?:sure|certain)|(?:oh\s+|hmm,?\s+|no,?\s+)?wait\b|no\b[,.!]|"
    r"(?:or\s+)?alternatively\b,?\s+(?:it(?:'s|\s+(?:is|could|may|might|equals))|the answer|\$|\\|\d)|sorry\b|correction\b|i (?:mean|take (?:it|that) back)\b|on second thought|scratch that|"
    r"actually,?\s+(?:no\b|it(?:'s|\s+is|\s+should)|that(?:'s|\s+is)\s+(?:wrong|not)|the\s+\w+\s+is)|"
    r"(?:this|that|which|it)\s+(?:is|seems|looks|may be|might be|must be)\s+(?:wrong|incorrect|false|impossible|not\s+(?:right|correct|the answer|possible))|just (?:kidding|a guess))",
    re.I,
)
_DENIED_AFTER = re.compile(
    r"^[\s$)\]}*\"'’]*(?:(?:is|was|are|were|can|could|does|do|would|will|seems)\s*(?:n['’]t\b|not\b(?!\s+only))|cannot\b|(?:is|was|are|were|seems|would be)?\s*\(?"
    r"(?:wrong|incorrect|false|invalid|impossible|excluded|ruled out|rejected|too (?:large|small|big|high|low)|off by|contradictory|absurd)\b(?=\W*(?:$|[,;.)]|since|because|as\b|by\b)))",
    re.I,
)


class Manner(NamedTuple):
    """How a value stands in its text."""

    strict: bool = False
    """In a bare answer, in which a short lead-in must be a known one."""
    exact: bool = True
    """No decimal fraction: "approximately" makes it another statement, while a decimal may be said to be rounded."""
    boxed: bool = False
    """In a box, which commits: `x ≥ \\boxed{5}` and `72/6 or \\boxed{12}` end a calculation."""


PLAIN = Manner()


def qualified(text: str, start: int, end: int, manner: Manner = PLAIN) -> str | None:
    """Why `text[start:end]` is not stated as the answer where it stands; None if it is."""
    window = text[max(0, start - WINDOW) : start]
    if window and (manner.strict or _speaks(window, BOXED_MARKS if manner.boxed else BEFORE_MARKS)):
        reason = _by_before(_before(text, start), manner)
        if reason is not None:
            return reason
    after = text[end : end + WINDOW].strip(_CLOSERS)
    return _by_after(text[end : end + WINDOW]) if after else None


_LETTERS = bytes(c + 32 if 65 <= c <= 90 else c if 97 <= c <= 122 else 32 for c in range(256))
_SIGNS = ("<", ">", "~", "!=", "n't", "n’t")


def _speaks(window: str, marks: frozenset[str]) -> bool:
    """Whether the window may hold one of the marks: a quick look that spares the rules in nine cases of ten."""
    if not window.isascii() or any(sign in window for sign in _SIGNS):
        return True
    return not marks.isdisjoint(window.encode().translate(_LETTERS).decode().split())


def _before(text: str, start: int) -> str:
    cut = max(0, start - WINDOW)
    for m in _START.finditer(text, cut, start + 1):
        cut = min(m.end(), start)
    return text[cut:start]


def _tokens(window: str) -> list[str]:
    return _TOKEN.findall(window.lower().replace("’", "'").replace("n't", " not "))


def _by_before(window: str, manner: Manner) -> str | None:
    if not window or window.isspace():
        return None
    tokens = _tokens(window)
    if not window.isascii() and _CHINESE_BEFORE.search(window):
        return "the value is denied, guessed or bounded"
    if manner.strict and (reason := _short_lead(tokens)):
        return reason
    return None if BEFORE_MARKS.isdisjoint(tokens) else _read_back(tokens, manner)


def _short_lead(tokens: list[str]) -> str | None:
    """One or two unknown words before the value, without a verb, a colon or a sign of equality."""
    words = [t for t in tokens if t.isalpha()]
    if 0 < len(words) <= 2 and not {":", "="} & set(tokens) and not any(w in FILLER or len(w) == 1 for w in words):
        return f"'{' '.join(words)}' before the value"
    return None


def _read_back(tokens: list[str], manner: Manner) -> str | None:
    """The nearest word before the value that is no filler decides."""
    skipped: set[str] = set()
    for i in range(len(tokens) - 1, -1, -1):
        t = tokens[i]
        if t in FILLER:
            skipped.add(t)
        elif t == ",":
            if all(e in DENIAL for e in tokens[:i]):
                return "the value is denied"
            return None if manner.boxed and "answer" not in tokens else _condition_before(tokens, i)
        elif t in CLAUSE:
            return None
        else:
            return _by_word(tokens, i, skipped, manner)
    return None


def _by_word(tokens: list[str], i: int, skipped: set[str], manner: Manner) -> str | None:
    t = tokens[i]
    before = tokens[i - 1] if i else ""
    following = tokens[i + 1] if i + 1 < len(tokens) else ""
    free = manner.boxed and "answer" not in tokens  # the box ends a calculation
    rounded = (t in APPROXIMATED and not manner.exact) or (free and any(e[0].isdigit() for e in tokens[:i]))
    if t in DENIAL or (t == "out" and before in DENIAL) or (t == "but" and before in EXCLUSIVE):
        return None if t == "no" and following == "matter" else "the value is denied"
    if t in HEDGE:
        return "the value is only a guess"
    if t in APPROXIMATE and not (rounded and i):
        return "the value is only approximate"
    if t in BOUND and not free:
        return "the value is only a bound"
    if t in WORK and not manner.boxed and (not i or before in ("please", "to", "must")):
        return "the value is a part of the question"
    if t in DOUBT and not DENIAL.isdisjoint(tokens[max(0, i - 4) : i]) | (
        not HEDGE.isdisjoint(tokens[max(0, i - 4) : i])
    ):
        return "the statement is denied or doubted"
    if t in QUOTED and ("answer" in skipped or t in TASK or t == "reference"):
        return "the value is somebody else's"
    if t in LISTED and "answers" in skipped:
        return "several answers are listed"
    if t in CONDITION and (t != "if" or (following and following not in METHOD)):
        return "the value stands under a condition"
    if t == "then":
        return None if free else _condition_before(tokens, i)
    if t == "or" and (not manner.boxed or "either" in tokens):
        return "several competing answers"
    return None


def _condition_before(tokens: list[str], i: int) -> str | None:
    """`if n is even, the answer is`: a condition, unless what follows "if" is a step ("if we add")."""
    for k in range(i - 1, -1, -1):
        if tokens[k] in ("if", "unless", "suppose", "assuming", "assume"):
            return None if tokens[k + 1] in METHOD or len(tokens) - k > 18 else "the value stands under a condition"
    return None


def _by_after(window: str) -> str | None:
    if not window or window.isspace():
        return None
    end = _END.search(window)
    sentence = window[: end.end()] if end else window
    rest = window[end.end() :] if end else ""
    if sentence.rstrip().endswith(("?", "？")):
        return "the value is asked for, not stated"
    tokens = _tokens(window)
    if not window.isascii() and _CHINESE_AFTER.match(sentence):
        return "the value is asked for, bounded or conditional"
    if AFTER_MARKS.isdisjoint(tokens):
        return None
    if _DENIED_AFTER.match(sentence):
        return "the value is denied"
    if (
        _RETRACTED.match(sentence)
        or _RETRACTED.match(rest)
        or re.match(r"\s*(?:i am|i'm) (?:not|un)\s*sure", rest, re.I)
    ):
        return "the value is taken back"
    return _continued(sentence)


def _continued(sentence: str) -> str | None:
    for pattern, reason in UNCLEAR_AFTER:
        if pattern.match(sentence):
            return reason
    return None
