"""Options of a multiple-choice question."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from app.mathcheck import NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.answers import judged, no_answer, stated
from app.rewards.checkers.base import checker
from app.rewards.checkers.chosen import LETTERS, chosen
from app.rewards.checkers.text import normal, unwrapped
from app.status import Status

_ALL = re.compile(r"[\s(\[]*([A-Ja-j](?:[\s,;&/+、，和与及]*(?:and\s+)?[A-Ja-j])*)[\s)\].:。]*\Z")
_FINAL_CHARS = 2000
"""As much of an unmarked text's end as can hold the final choice."""


@checker("choice")
def choice(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """1 if exactly the right options are chosen, by letter or by text; 0 with `no_answer` where others compete."""
    options = _options(sample.reference.get("options"))
    letters = LETTERS[: len(options)] if options else LETTERS
    right = _right(sample.reference.get("answer"), options)
    if not right or len(options) > len(LETTERS) or not right <= set(letters):
        return abstain(Status.BAD_REFERENCE, "the answer is none of the options")
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    text = unicodedata.normalize("NFKC", unwrapped(found.text[-_FINAL_CHARS:]))
    picked = chosen(text, options, letters)
    several = ", ".join(sorted(picked.letters))
    if not picked.letters:
        return Component(0.0, Status.NO_ANSWER, {"detail": "no option is chosen"})
    if len(picked.letters) > 1 and (len(right) == 1 or picked.hedged):
        return Component(0.0, Status.NO_ANSWER, {"detail": f"several options: {several}"})
    return judged(float(picked.letters == right), found, picked.how, chosen=several.replace(", ", ""))


def _options(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(k).strip("(). ").upper(): str(v) for k, v in given.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return dict(zip(LETTERS, map(str, given or ()), strict=False))


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
            right |= {c for c in whole[1].upper() if c in LETTERS}
        else:
            return set()
    return right
