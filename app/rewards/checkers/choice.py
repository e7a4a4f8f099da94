"""Options of a multiple-choice question."""

import re
from collections.abc import Mapping
from typing import Any

from app.mathcheck import NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.base import checker, judged, no_answer, stated
from app.rewards.checkers.text import normal
from app.status import Status

_LETTERS = "ABCDEFGHIJ"
_LETTER = re.compile(r"(?<![A-Za-z0-9_'\\])([A-J])(?![A-Za-z0-9_'])")
_ALL = re.compile(r"[\s(\[]*([A-Ja-j](?:[\s,;&/+、，和与及]*(?:and\s+)?[A-Ja-j])*)[\s)\].:。]*\Z")
_WRAPPER = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]{0,2000})\}")
_AFTER = re.compile(r" ([a-z]+)")
_AFTER_A_LETTER = frozenset(
    ("is", "was", "and", "or", "because", "since", "as", "but", "not", "seems", "must", "should", "would", "can", "has")
)
_NEGATION = re.compile(
    r"(?:\bnot|n't|\brather than|\binstead of|\bexcept|\brules? out|\beliminated?|不是|不选|而非|排除|并非)"
    r"\s*(?:be\s+)?(?:option|answer|choice|选项)?\s*\(?\Z",
    re.IGNORECASE,
)
_NEGATION_CHARS = 40
_FINAL_CHARS = 2000
"""As much of an unmarked text's end as can hold the final choice."""


@checker("choice")
def choice(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if exactly the right options are chosen, by letter or by text; 0 with `no_answer` where others compete."""
    options = _options(sample.reference.get("options"))
    letters = _LETTERS[: len(options)] if options else _LETTERS
    right = _right(sample.reference.get("answer"), options)
    if not right or len(options) > len(_LETTERS) or not right <= set(letters):
        return abstain(Status.BAD_REFERENCE, "the answer is none of the options")
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    text = _WRAPPER.sub(r"\1", found.text[-_FINAL_CHARS:])
    chosen, how = _chosen(text, options, letters)
    if not chosen:
        return Component(0.0, Status.NO_ANSWER, {"detail": "no option is chosen"})
    if len(chosen) > 1 and len(right) == 1:
        return Component(0.0, Status.NO_ANSWER, {"detail": f"several options: {', '.join(sorted(chosen))}"})
    return judged(float(chosen == right), found, how, chosen="".join(sorted(chosen)))


def _options(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(k).strip("(). ").upper(): str(v) for k, v in given.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return dict(zip(_LETTERS, map(str, given or ()), strict=False))


def _right(answer: Any, options: Mapping[str, str]) -> set[str]:
    """Letters of the right options; empty if one of the answers is none."""
    answers: list[str] = [answer] if isinstance(answer, str) else list(answer or ())
    right: set[str] = set()
    for one in answers:
        bare = one.strip()
        by_text = {letter for letter, text in options.items() if normal(text) == normal(bare)}
        whole = _ALL.match(bare)
        if by_text:
            right |= by_text
        elif whole and (len(bare.strip("(). ")) == 1 or bare.isupper()):
            right |= {c for c in whole[1].upper() if c in _LETTERS}
        else:
            return set()
    return right


def _chosen(text: str, options: Mapping[str, str], letters: str) -> tuple[set[str], str]:
    bare = text.strip("*_$ \n")
    exact = {letter for letter, option in options.items() if normal(option) == normal(bare)}
    if len(exact) == 1:
        return exact, "text"
    whole = _ALL.match(bare)
    if whole and (len(bare.strip("(). ")) == 1 or whole[1].replace("and", "").isupper()):
        return {c for c in whole[1].replace("and", "").upper() if c in letters}, "letter"
    leading = re.match(r"\(?([A-J])[).:、]", bare)
    if leading and leading[1] in letters:
        return {leading[1]}, "letter"
    named = {m[1] for m in _LETTER.finditer(text) if m[1] in letters and _is_choice(text, m.start(), m.end())}
    if named:
        return named, "letter"
    padded = f" {normal(text)} "
    contained = {letter for letter, option in options.items() if normal(option) and f" {normal(option)} " in padded}
    return contained, "text"


def _is_choice(text: str, start: int, end: int) -> bool:
    """Whether a capital letter names an option: no article, no pronoun, not denied."""
    if text[start] in "AI":
        after = _AFTER.match(text, end)
        if after and after[1] not in _AFTER_A_LETTER and text[start - 1 : start] != "(":
            return False
        if text[start] == "I" and (after or text[end : end + 2].startswith(" ")):
            return False
    return not _NEGATION.search(text[max(0, start - _NEGATION_CHARS) : start])
