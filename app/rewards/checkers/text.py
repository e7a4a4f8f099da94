"""Texts: exact, normalised, SQuAD's exact match, token F1, ROUGE-L, or a number within a tolerance."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from app.mathcheck import NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.answers import judged, no_answer, stated
from app.rewards.checkers.base import BadPolicy, checker, read_policy
from app.status import Status

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation))
_WRAPPER = re.compile(r"\\(?:text|textrm|textit|mathrm|textbf|mathbf)\{([^{}]{0,2000})\}")
_GROUPED = re.compile(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?!\d))")
"""Between thousands."""
_DECIMAL = r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_NUMBER = re.compile(rf"(?<![\w.^])(?<!\d[-–:])(?:(?<![\d)])[-+])?{_DECIMAL}(?:\s?/\s?{_DECIMAL})?(?![\d^]|\.\d)")
_OR = re.compile(r"\s*(?:or|或者?)\b")
_WORD = re.compile(r"\w+")
_MAX_WORDS = 16_384
"""Words of a text that are compared: ROUGE-L's work is their product, 64 at a time."""
_NUMBER_CHARS = 4096
"""End of an answer in which its last number is looked for."""
_DEFAULTS: dict[str, Any] = {"mode": "normalized", "threshold": 0.0, "tolerance": 1e-6}


def normal(text: str) -> str:
    """Case, width, white space and punctuation at the ends put aside."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split()).strip(string.punctuation + " 。，！？；：「」“”")


def squad(text: str) -> str:
    """SQuAD 1.1's normal form: lower case, no punctuation, no articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def f1(answer: str, reference: str) -> float:
    """Harmonic mean of precision and recall of SQuAD's tokens; 0 without any."""
    given, wanted = squad(answer).split(), squad(reference).split()
    common = (Counter(given) & Counter(wanted)).total()
    return 2 * common / (len(given) + len(wanted)) if common else 0.0


def rouge_l(answer: str, reference: str) -> float:
    """F-measure of the longest common subsequence of words; 0 without any."""
    given, wanted = (_WORD.findall(text.lower())[:_MAX_WORDS] for text in (answer, reference))
    if not given or not wanted:
        return 0.0
    return 2 * _common_subsequence(given, wanted) / (len(given) + len(wanted))


def _common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence, a machine word of `left` at a time (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for index, word in enumerate(left):
        places[word] = places.get(word, 0) | 1 << index
    full = (1 << len(left)) - 1
    row = full
    for word in right:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(left) - row.bit_count()


def unwrapped(text: str) -> str:
    """Without LaTeX's commands for words: `\\text{Paris}` is Paris."""
    return _WRAPPER.sub(r"\1", text)


def _value(text: str) -> float | None:
    """The last number of a text; None without one, or where it is one of several: `10 or 20`."""
    plain = _GROUPED.sub("", unicodedata.normalize("NFKC", text[-_NUMBER_CHARS:]).replace("\u2212", "-"))
    found = list(_NUMBER.finditer(plain))
    if not found or (len(found) > 1 and _OR.match(plain, found[-2].end())):
        return None
    over, _, under = found[-1][0].partition("/")
    divisor = float(under) if under else 1.0
    return float(over) / divisor if divisor else None


def _numeric(answer: str, reference: str, tolerance: float) -> float:
    left, right = _value(answer), _value(reference)
    if left is None or right is None or not (isfinite(left) and isfinite(right)):
        return 0.0
    return float(abs(left - right) <= tolerance * max(1.0, abs(right)))


_COMPARE: dict[str, Callable[[str, str], float]] = {
    "exact": lambda a, r: float(a == r),
    "normalized": lambda a, r: float(normal(a) == normal(r)),
    "em": lambda a, r: float(squad(a) == squad(r)),
    "f1": f1,
    "rouge_l": rouge_l,
}

_SAYS: dict[str, Callable[[str], object]] = {
    "exact": str.strip,
    "normalized": str.strip,
    "em": squad,
    "f1": squad,
    "rouge_l": _WORD.search,
    "numeric": lambda text: _value(text) is not None,
}
"""What a reference has to have for each mode: `the` is nothing to SQuAD, which drops articles."""


@checker("text")
def text(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """How well the answer matches the best of `answer`.

    Policy: `mode` is `exact`, `normalized`, `em`, `f1`, `rouge_l` or `numeric` (the last number, within `tolerance`
    relative to the reference, absolute below 1); with a `threshold` above 0 the score is whether it is reached.
    """
    chosen = read_policy(policy, _DEFAULTS)
    mode: str = chosen["mode"]
    if mode not in (*_COMPARE, "numeric"):
        raise BadPolicy(f"policy 'mode' is one of: {', '.join((*_COMPARE, 'numeric'))}")
    given = sample.reference.get("answer")
    references: list[str] = [given] if isinstance(given, str) else list(given or ())
    if not references or not all(_SAYS[mode](one) for one in references):
        return abstain(Status.BAD_REFERENCE, f"the reference is blank to mode '{mode}'")
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    given_text = unwrapped(found.text)
    if mode == "numeric":
        best = max(_numeric(given_text, one, chosen["tolerance"]) for one in references)
    else:
        best = max(_COMPARE[mode](given_text, one) for one in references)
    score = float(best >= chosen["threshold"]) if chosen["threshold"] > 0 else best
    return judged(score, found, mode)
