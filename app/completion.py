"""Where a completion thinks and where it answers: the spans that every reward starts from."""

import re
from typing import NamedTuple

_THINK_TAG = re.compile(r"<(/?)think>")


class Span(NamedTuple):
    """Half-open range of character positions in the completion."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


class Sections(NamedTuple):
    """A completion's chain of thought and the rest, as spans that leave out the tags themselves."""

    think: tuple[Span, ...]
    """Contents of the think blocks, in order."""
    outside: tuple[Span, ...]
    """What is not in a think block, in order; empty spans are left out."""
    closed: bool
    """False if the last think block was never closed: then nothing after it is an answer."""


def sections(completion: str) -> Sections:
    """Split a completion at its `<think>` tags, in linear time.

    A `</think>` before any `<think>` means that the chat template had opened the block: all before it is thought.
    A `<think>` inside a block, and a `</think>` outside of one, are text.
    """
    think: list[Span] = []
    outside: list[Span] = []
    start = 0
    inside = False
    first = True
    for tag in _THINK_TAG.finditer(completion):
        closing = bool(tag[1])
        if closing and (inside or first):
            think.append(Span(start, tag.start()))
        elif not closing and not inside:
            if tag.start() > start:
                outside.append(Span(start, tag.start()))
        else:
            continue
        inside = not closing
        first = False
        start = tag.end()
    if inside:
        think.append(Span(start, len(completion)))
    elif start < len(completion):
        outside.append(Span(start, len(completion)))
    return Sections(tuple(think), tuple(outside), not inside)
