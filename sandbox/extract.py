"""The program in a completion: fenced blocks of the right language, outside the chain of thought. Linear time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sandbox.errors import UnknownLanguage
from sandbox.languages import find

Policy = Literal["last", "first", "longest", "only", "join"]
"""Which of several blocks is the program: `last` (default), `first`, `longest`; `only`: several are none; `join`: all
of them, one after the other."""
TEXT_BYTES = 4 << 20
"""Longer completions are cut at their beginning: the program that counts is the last."""
_THINK_END = "</think>"
_THINK_START = "<think>"
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^\s`{]*)[^\n`]*$", re.M)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its info string's first word in lower case, and its lines."""

    tag: str
    code: str
    closed: bool


def outside_think(text: str) -> str:
    """What stands after the last `</think>`; nothing where a `<think>` is never closed."""
    _, closed, after = text.rpartition(_THINK_END)
    if closed:
        return after.partition(_THINK_START)[0]
    return text.partition(_THINK_START)[0]


def blocks(text: str) -> Iterator[Block]:
    """Fenced blocks in their order. A fence closes one of its own character that is not longer."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2]:
            yield Block(opened[2].lower(), _dedented(text[opened.end() + 1 : fence.start()], opened), True)
            opened = None
    if opened is not None:
        yield Block(opened[2].lower(), _dedented(text[opened.end() + 1 :], opened), False)


def _dedented(code: str, opened: re.Match[str]) -> str:
    """A block in a list is indented as its fence is."""
    indent = re.match(r"[ \t]*", opened[0])
    width = len(indent[0]) if indent else 0
    if not width:
        return code
    return "".join(line[width:] if not line[:width].strip() else line for line in code.splitlines(keepends=True))


def _fits(tag: str, language: str) -> bool:
    try:
        return find(tag).name == find(language).name
    except UnknownLanguage:
        return False


def extract(completion: str, language: str = "python", policy: Policy = "last") -> str | None:
    """The program of a completion, None where there is none.

    Blocks that name the language come first; blocks without a name are taken only where no block names it. A block of
    another language is never taken. An unclosed block counts only if no closed one fits: it was cut off.
    Raises UnknownLanguage.
    """
    find(language)
    text = outside_think(completion[-TEXT_BYTES:])
    found = [block for block in blocks(text) if block.code.strip()]
    fitting = [block for block in found if _fits(block.tag, language)] or [block for block in found if not block.tag]
    whole = [block for block in fitting if block.closed] or fitting
    if not whole:
        return None
    match policy:
        case "first":
            return whole[0].code
        case "longest":
            return max(whole, key=lambda block: len(block.code)).code
        case "join":
            return "\n".join(block.code for block in whole)
        case "only":
            return whole[0].code if len(whole) == 1 else None
        case "last":
            return whole[-1].code
