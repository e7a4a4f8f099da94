"""Where a completion's answer stands, for checkers, and what they say of it."""

from typing import Any

from app.completion import sections
from app.mathcheck import Extraction, NoAnswer, Policy, extract
from app.mathcheck.policy import Source
from app.rewards.base import Component
from app.status import Status

SHOWN_CHARS = 500
"""As much of an answer as evidence shows."""
_STATED: tuple[Source, ...] = ("verifier_answer", "answer_tag", "boxed", "phrase")


def stated(completion: str) -> Extraction | NoAnswer:
    """The answer where the completion marks one, else all that stands outside the thought."""
    found = extract(completion, Policy(sources=_STATED))
    if isinstance(found, Extraction) or not found.unmarked:
        return found
    return outside(completion)


def outside(completion: str) -> Extraction | NoAnswer:
    """What stands after the thought."""
    parts = sections(completion)
    if not parts.closed:
        return NoAnswer("the thought is never closed")
    for span in reversed(parts.outside):
        text = span.of(completion)
        bare = text.strip()
        if bare:
            start = span.start + text.index(bare)
            return Extraction(bare, "text", start, start + len(bare), "all that stands outside the thought")
    return NoAnswer("nothing stands outside the thought")


def no_answer(found: NoAnswer) -> Component:
    return Component(0.0, Status.NO_ANSWER, {"detail": found.reason})


def judged(score: float, found: Extraction, certificate: str, **more: Any) -> Component:
    """A verdict with where its answer stands and how it is known."""
    evidence = {
        "extracted": found.text[:SHOWN_CHARS],
        "source": found.source,
        "span": [found.start, found.end],
        "certificate": certificate,
    }
    return Component(score, evidence={**evidence, **more})
