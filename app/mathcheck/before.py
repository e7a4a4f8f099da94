"""What the words before a value make of it: the nearest one that is no filler decides."""

# ruff: noqa: E501  (patterns)

import re

from app.mathcheck.clean import unmixed
from app.mathcheck.manner import Manner
from app.mathcheck.phrases import (
    APPROXIMATE,
    APPROXIMATED,
    BEFORE_MARKS,
    BOUND,
    CLAUSE,
    CONDITION,
    CONNECTING,
    COUNTABLE,
    DENIAL,
    DISCARDED,
    DOUBT,
    EXCLUSIVE,
    FILLER,
    FOREIGN,
    GIVEN,
    GOVERNING,
    GROUNDS,
    HEDGE,
    HYPOTHESIS,
    INSTRUCTION,
    LISTED,
    MEASURE,
    METHOD,
    NO_MEANS,
    OPERATION,
    PREPOSITIONS,
    QUOTED,
    REMOVED,
    REPAIRS,
    ROUNDING,
    SAYS,
    UNABLE,
    UNWILLING,
    WORK,
    WRITER,
)

_TOKEN = re.compile(r"[a-z]+|\d[\d.,]*|(?<![\w}\\])~|[≠≈?<>∼≤≥±¬\u0338%]|(?<![\w)}!])!=|[,;:()=]|[一-鿿]")
_ABBREVIATED = (
    ("’", "'"),
    ("n't", " not "),
    ("e.g.", " eg "),
    ("ca.", " circa "),
    ("est. ", " estimate "),
    ("etc.", " "),
    ("c. ", " circa "),
    ("i.e.", " "),
)
_CHINESE = re.compile(
    r"(?:不(?:可能|会|应该?)?(?:是|等于|为|会是)|绝不是|并不?(?:是|等于)|并非|而非|未必(?:是)?|不一定(?:是)?|不选|排除|(?:错误|不正确|不对)的?(?:答案|结果|结论|解法)?(?:是|为)?|可能(?:是|为)?|也许(?:是)?|或许(?:是)?|大约(?:是|为)?|"
    r"大概(?:是|为)?|约(?:是|为|等于)?|近似(?:是|为)?|接近|至少(?:是|为)?|至多(?:是|为)?|最多(?:是|为)?|不?(?:超过|小于|大于|少于|多于)|不足|介于|或者?(?:是)?|还是|要么(?:是)?|是不是|"
    r"难道是|如果(?!我们|你|把|将).{0,40}|若(?:.{0,40}(?:则|时).{0,10})?|假设.{0,20}|假如.{0,40}|否则.{0,10}|(?:我)?猜(?:测)?.{0,6}|(?:有人|有些人|很多人|同学|网友|别人|书上|参考|标准|据说|他们?|她|题目|老师).{0,10})"
    r"[\s$*\\(\[{boxedfb:：]*\Z"
)
_DENIED_ELSEWHERE = re.compile(
    r"\b(?:no (?:es|son|era|puede ser|sería)|nunca es|nicht|keine?|niemals|niet|n['’](?:est|était) (?:pas|jamais)|ne (?:sont|peut|vaut|serait) pas|não (?:é|são|pode)|nunca é|"
    r"non (?:è|sono|può)|не|nie jest)\b[^.!?]{0,20}\Z",
    re.I,
)
"""Languages that deny before the value."""
_STATED = ("is", "equals", "=", "value", "number")
_VERBAL = ("s", "ed", "ing")
"""Endings of verbs: "that leaves 42", "giving 42"."""
SHORT_LEAD = 3
"""Words before the value up to which a lead-in is no sentence, so that its last word must be a known one."""
_BOUNDED = re.compile(
    r"(?:(?:so|thus|hence|therefore|then|and|but|,) )*(?:it|that|this|there|they|the (?:answer|count|total|result|value|number)) "
    r"(?:(?:is|s|are|was|were|lies|will be|can be)(?: (?!must|needs?)\w+){0,2}|(?:can(?:not)?|ca|does|will|wo|could|should|may)(?: (?:not|never|hardly))?|"
    r"ranges|never|has (?:an? )?(?:upper|lower)|lies between \S+ and|s between \S+ and|is between \S+ and)"
)
"""A sentence that says of the value sought no more than a bound."""
BOUNDED = "the value is only a bound"
_EXCLUDES = frozenset(("exclude", "excludes", "excluded", "eliminate", "eliminates", "eliminated", "rules", "ruled"))
"""Of all others "but" one."""
_RIGHT = frozenset(("correct", "right", "actual"))
_NAMED = frozenset(("value", "answer", "result", "count", "number", "total", "sum", "probability", "area"))
FAR = 18
"""Words between a condition and the value that it may still govern."""


def tokens(window: str) -> list[str]:
    """Words and signs of a text in lower case; "n't" is "not"."""
    window = unmixed(window.lower())
    for short, full in _ABBREVIATED:
        if short in window:
            window = window.replace(short, full)
    return _TOKEN.findall(window)


def read_before(window: str, manner: Manner, *, counted: bool = False) -> str | None:
    """Why a value behind these words is not stated as the answer; None if it is. `counted`: a noun follows it."""
    if not window or window.isspace():
        return None
    if not window.isascii() and _CHINESE.search(window):
        return "the value is denied, guessed or bounded"
    if _DENIED_ELSEWHERE.search(window):
        return "the value is denied"
    words = tokens(window)
    if manner.strict and (reason := _short_lead(words)):
        return reason
    if manner.weak and (reason := _of_the_question(words)):
        return reason
    if BEFORE_MARKS.isdisjoint(words):
        return None
    return _of_no_answer(words, manner) or _read_back(words, manner, counted)


def _of_no_answer(words: list[str], manner: Manner) -> str | None:
    """A sentence that says how to answer, or supposes an answer without working with it."""
    first = next((w for w in words if w not in _OPENING), "")
    if (
        first in INSTRUCTION
        and words[-1] in ("as", "like", "in", "inside", "into", "within", ":")
        and "answer" in words
    ):
        return "the value is an example of how to answer"
    if (
        first in HYPOTHESIS
        and manner.boxed
        and not _calculates(words)
        and not {"then", ",", "so", "hence"} & set(words)
    ):
        return "the value is only supposed"
    return None


_OPENING = frozenset(
    ("please", "now", "let", "us", "first", "just", "always", "and", "so", ",", "you", "must", "should")
)


def _calculates(words: list[str]) -> bool:
    """Whether a sentence has numbers or an equation before the value, which is then their result."""
    return any(w == "=" or w[0].isdigit() for w in words)


def _of_the_question(words: list[str]) -> str | None:
    """A number in what the question gives, or in a text that says that there is no answer."""
    if words and words[0] in GIVEN and not {"answer", "so", "then", "is", "are"} & set(words):
        return "the value is a part of the question"
    if not UNABLE.isdisjoint(words) and not {"cannot", "not", "no", "sorry", "refuse", "unable"}.isdisjoint(words):
        return "the text says that there is no answer"
    if len(words) > 1 and words[-1] in PREPOSITIONS and words[-2] not in GOVERNING and words[-2] not in CONNECTING:
        return "the value is a part of a phrase"
    return None


def _short_lead(words: list[str]) -> str | None:
    """A few words before a bare value, the last of which neither states a value nor labels it."""
    if not words or words[-1] in (":", "=", ","):
        return None
    lead = [w for w in words if w.isalpha() and w.isascii() and w not in CONNECTING]
    if not 0 < len(lead) <= SHORT_LEAD or len(lead[-1]) == 1 or lead[-1] in GOVERNING or lead[-1] in BEFORE_MARKS:
        return None
    if lead[-1].endswith(_VERBAL) or _is_phrase_of_value(lead):
        return None
    return f"'{' '.join(lead)}' before the value"


def _is_phrase_of_value(lead: list[str]) -> bool:
    """Whether a lead-in ends in "the total of", "comes to"."""
    return len(lead) > 1 and lead[-1] in ("of", "to", "at") and (lead[-2] in GOVERNING or lead[-2].endswith(_VERBAL))


def _read_back(words: list[str], manner: Manner, counted: bool) -> str | None:
    skipped: set[str] = set()
    for i in range(len(words) - 1, -1, -1):
        t = words[i]
        if t in FILLER:
            skipped.add(t)
        elif t == ",":
            return _before_comma(words, i, manner)
        elif t in CLAUSE:
            return None
        else:
            return _by_word(words, i, skipped, manner, counted)
    return None


def _before_comma(words: list[str], i: int, manner: Manner) -> str | None:
    if all(w in DENIAL or w in HEDGE for w in words[:i]) and not {"doubt", "no"} <= set(words[:i]):
        return "the value is denied"
    if "according" in words[:i] and GROUNDS.isdisjoint(words[:i]):
        return "the value is somebody else's"
    return None if manner.boxed and "answer" not in words else _condition(words, i, assumed=manner.boxed)


def _by_word(words: list[str], i: int, skipped: set[str], manner: Manner, counted: bool) -> str | None:
    t = words[i]
    before = words[i - 1] if i else ""
    following = words[i + 1] if i + 1 < len(words) else ""
    free = manner.boxed and "answer" not in words  # the box ends a calculation
    if t in COUNTABLE and t != "guess" and _is_repaired(words, i):
        return None
    if t in COUNTABLE and ":" in words[i:] and not _RIGHT.isdisjoint(words[i:]):
        return None
    if t in DISCARDED and not {"obtain", "get", "yield", "find"}.isdisjoint(words[i:]) and "to" in words[i:]:
        return None  # "we eliminate x to obtain"
    if manner.boxed and ((counted and t in SAYS) or (t in COUNTABLE and not MEASURE.isdisjoint(words[:i]))):
        return None
    if t == "case" and before in (
        "either",
        "each",
        "any",
        "this",
        "that",
        "other",
        "first",
        "second",
        "last",
        "every",
        "worst",
        "general",
    ):
        return None
    if t in NO_MEANS and (before == "no" or words[max(0, i - 2) : i] == ["not", "at"]) and following != "matter":
        return "the value is denied"
    if (t in ("from", "with") and before in REMOVED) or (t == "against" and not counted):
        return "the value is denied"
    if t in ("true", "correct") and (following in _NAMED or not following):
        return None
    if (t == "than" and before == "better" and manner.boxed) or (t == "but" and not _EXCLUDES.isdisjoint(words[:i])):
        return None
    if t in DENIAL or (t == "out" and before in DENIAL) or (t == "but" and before in EXCLUSIVE):
        return None if t == "no" and following == "matter" else "the value is denied"
    if t in DOUBT and not (DENIAL | HEDGE).isdisjoint(words[max(0, i - 4) : i]):
        return "the statement is denied or doubted"
    if t in SAYS and not UNWILLING.isdisjoint(words[max(0, i - 4) : i]):
        return "the value is denied"
    if t in SAYS:
        return (
            None
            if (free and _calculates(words)) or not WRITER.isdisjoint(words[max(0, i - 4) : i])
            else "the value is somebody else's"
        )
    if (t == "doubt" and before in ("no", "without", "any")) or (t == "unknown" and following in _STATED):
        return None
    if t == "either" and following in ("case", "way"):
        return None
    if t == "example" and manner.boxed and before in ("the", "this", "that", "second", "first", "last"):
        return None
    if t in HEDGE or (t == "such" and following == "as"):
        return "the value is only a guess"
    if (t == "tends" and free) or (t == "range" and following in ("is", "of", "=")):
        return None
    rounded = (
        (t in APPROXIMATED and not manner.exact)
        or (free and any(w[0].isdigit() for w in words[:i]))
        or not ROUNDING.isdisjoint(words[:i])
    )
    if t in APPROXIMATE and not (rounded and i):
        return "the value is only approximate"
    if t in BOUND and (not free or (t.isalpha() and _BOUNDED.fullmatch(" ".join(words[:i])))):
        return BOUNDED
    if t in WORK and not manner.boxed and (not i or before in ("please", "to", "must")):
        return "the value is a part of the question"
    if t == "according" and not GROUNDS.isdisjoint(words):
        return None
    if t == "accept" and not {"we", "i"}.isdisjoint(words[:i]):
        return None
    if t in QUOTED and (not {"answer", "answers"}.isdisjoint(skipped) or t in FOREIGN):
        return "the value is somebody else's"
    if t in LISTED and "answers" in skipped:
        return "several answers are listed"
    if t == "imagine" and ":" in words[i:]:
        return None
    if t in CONDITION and (t != "if" or following not in METHOD):
        return "the value stands under a condition"
    if t in OPERATION and not free and skipped <= {"of", "the"}:
        return "the value is a part of a larger expression"
    if t == "then":
        return None if free else _condition(words, i)
    if t == "or" and (not manner.boxed or "either" in words):
        return "several competing answers"
    return _condition(words, i) if "would" in skipped else None  # "if …, the answer would be"


def _is_repaired(words: list[str], i: int) -> bool:
    """`I made an error: the sum is`, `correcting the error gives`: what comes then is right."""
    return (":" in words[i:] and not WRITER.isdisjoint(words[:i])) or not REPAIRS.isdisjoint(words[:i])


def _condition(words: list[str], i: int, *, assumed: bool = False) -> str | None:
    """`if n is even, the answer is`: a condition, unless what follows "if" is a step ("if we add")."""
    for k in range(i - 1, -1, -1):
        if words[k] == "assuming" and assumed:
            return None
        if words[k] in ("if", "unless", "suppose", "assuming", "assume"):
            far = len(words) - k > FAR
            return None if words[k + 1] in METHOD or far else "the value stands under a condition"
    return None
