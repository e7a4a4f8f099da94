"""Finds the final answer in a completion, in linear time."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from app.completion import sections
from app.mathcheck.policy import DEFAULT_POLICY, Policy

_NUMBER = re.compile(r"[-+]?\$?\d[\d,]*(?:\.\d+)?(?:\s?/\s?\d+)?%?|[-+]?\.\d+%?")
_PHRASE_STRICT = re.compile(r"answer\s*(?:is\s*:?|:)\s*", re.IGNORECASE)
_MARK = re.compile(r"(?:^|\n)[ \t]*(?:####|A:)[ \t]*")
_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_SENTENCE_END = re.compile(r"\.(?:\s|$)|\n")
_EMPHASIS = "* \t\n"
_TAGS = {name: (f"<{name}>", f"</{name}>") for name in ("verifier_answer", "answer")}


class Extraction(NamedTuple):
    """The answer's text, and where in the completion it stands."""

    text: str
    source: str
    start: int
    end: int


class NoAnswer(NamedTuple):
    """Why a completion has no answer."""

    reason: str


class _Text(NamedTuple):
    """The part of the completion that is looked at; `text[i]` is the completion's `[start + i]`."""

    text: str
    start: int

    def part(self, start: int, end: int) -> "_Text":
        return _Text(self.text[start:end], self.start + start)


_Found = list[_Text]


def extract(completion: str, policy: Policy = DEFAULT_POLICY) -> Extraction | NoAnswer:
    """The answer that a completion ends in, from its part outside the thought.

    Several different answers of one source are no answer, except in places where a text works towards one (phrases,
    marks, bold, numbers): there the last counts.
    """
    parts = sections(completion)
    if not parts.closed:
        return NoAnswer("the thought is never closed")
    if not parts.outside:
        return NoAnswer("nothing stands outside the thought")
    span = parts.outside[-1]
    text = _Text(completion[span.start : span.end], span.start)
    for source in policy.sources:
        found = _FINDERS[source](text)
        if not found:
            continue
        if source in ("verifier_answer", "answer", "boxed") and len({f.text.strip() for f in found}) > 1:
            return NoAnswer(f"{len(found)} different answers in {source}")
        return _inner(found[-1], source)
    return NoAnswer("no answer was found")


def _inner(found: _Text, source: str) -> Extraction | NoAnswer:
    """The answer itself within the answer's place: what a box or a phrase in it points to."""
    if source in _TAGS:
        for narrower in (_boxed, _stated):
            inner = narrower(found)
            if len({f.text.strip() for f in inner}) > 1:
                return NoAnswer(f"{len(inner)} different answers inside {source}")
            if inner:
                found = inner[-1]
                break
    text = found.text.strip(_EMPHASIS)
    if not text:
        return NoAnswer(f"{source} is blank")
    start = found.start + found.text.index(text)
    return Extraction(text, source, start, start + len(text))


def _tagged(name: str) -> Callable[[_Text], _Found]:
    opening, closing = _TAGS[name]

    def find(text: _Text) -> _Found:
        found: _Found = []
        at = 0
        while (start := text.text.find(opening, at)) >= 0:
            start += len(opening)
            end = text.text.find(closing, start)
            if end < 0:
                break
            found.append(text.part(start, end))
            at = end + len(closing)
        return found

    return find


def _boxed(text: _Text) -> _Found:
    found: _Found = []
    depth, start, boxes = 0, 0, iter([*_BOX.finditer(text.text)])
    box = next(boxes, None)
    for brace in _BRACE.finditer(text.text):
        if depth == 0:
            while box is not None and box.end() - 1 < brace.start():
                box = next(boxes, None)
            if box is None:
                break
            if brace.start() != box.end() - 1:
                continue
            depth, start = 1, box.end()
        elif brace[0] == "{":
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if depth == 0:
                found.append(text.part(start, brace.start()))
    return found


def _stated(text: _Text) -> _Found:
    """What follows "the answer is", up to the end of the sentence or the next such phrase."""
    phrases = [phrase.span() for phrase in _PHRASE_STRICT.finditer(text.text)]
    found: _Found = []
    for (_, start), (limit, _) in pairwise([*phrases, (len(text.text), 0)]):
        end = _SENTENCE_END.search(text.text, start, limit)
        found.append(text.part(start, end.start() if end else limit))
    return found


def _marked(text: _Text) -> _Found:
    found: _Found = []
    for mark in _MARK.finditer(text.text):
        end = text.text.find("\n", mark.end())
        found.append(text.part(mark.end(), end if end >= 0 else len(text.text)))
    return found


def _bold(text: _Text) -> _Found:
    return [text.part(*bold.span(1)) for bold in _BOLD.finditer(text.text)]


def _numbers(text: _Text) -> _Found:
    last = None
    for number in _NUMBER.finditer(text.text):
        last = number
    return [text.part(*last.span())] if last else []


_FINDERS: dict[str, Callable[[_Text], _Found]] = {
    "verifier_answer": _tagged("verifier_answer"),
    "answer": _tagged("answer"),
    "boxed": _boxed,
    "phrase": _stated,
    "mark": _marked,
    "bold": _bold,
    "last_number": _numbers,
}
