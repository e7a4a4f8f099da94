"""The prose of a completion: what is left without formulas, code, links and tags, cut into stretches of one script."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

_NO_PROSE = (
    ("`", re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)),  # code, fenced first
    ("$", re.compile(r"\$\$[^$]*\$\$|\$[^$\n]*\$")),  # LaTeX; a search for the end stops at the next beginning
    (
        "\\",
        re.compile(
            r"\\\((?:[^\\\n]|\\(?![()]))*\\\)|\\\[(?:[^\\]|\\(?![\[\]]))*\\\]"
            r"|\\[A-Za-z]+(?:\{[^{}\n]*\})*"  # stray commands
        ),
    ),
    ("<", re.compile(r"<[^<>\n]{0,64}>")),  # tags, calculator marks
    (":", re.compile(r"https?://\S+")),
)
"""What is no prose, in the order in which it is left out, and a sign that it is about.

One by one, because a search for one first character is five times as fast as a search for any of some."""
_MAX_STRETCH = 300
"""Longest stretch in characters: without punctuation a whole chain of thought would be one sentence."""
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_INDIC = "\u0900-\u0dff"
_SENTENCE = re.compile(rf"[^.!?;\n]{{1,{_MAX_STRETCH}}}(?:\.(?=[0-9]))?")
_STRETCH = re.compile(
    rf"[{_CJK}]+(?:[\s，、：]{{0,3}}[{_CJK}]+)*"
    rf"|[{_INDIC}]+(?:[^\w.!?;।\n]{{1,3}}[{_INDIC}]+)*"
    rf"|[^{_CJK}{_INDIC}।.!?;\n。！？；]{{1,{_MAX_STRETCH}}}"
)
_WORD = re.compile(rf"[{_CJK}]|[{_INDIC}]+|[^\W\d_{_CJK}{_INDIC}]+")
_ASCII_LETTERS = bytes(c | 32 if chr(c).isalpha() and c < 128 else ord(" ") for c in range(256))
"""Translation table: lower case, and everything but letters separates words."""
_SINGLE_ASCII_WORDS = frozenset("ai")
_GREEK = re.compile(r"[\u0370-\u03ff]")


class Stretch(NamedTuple):
    """Part of a text in one script, at most a sentence long; positions are those of the text it was cut from."""

    start: int
    end: int
    text: str
    words: list[str]
    """Lower case. A CJK character is a word; single letters are variables unless some language has such a word."""


class Prose:
    """A text in which everything that is no prose is one space. It can be encoded in UTF-8."""

    def __init__(self, source: str) -> None:
        try:
            source.encode()
        except UnicodeEncodeError:  # halves of surrogate pairs, which JSON lets through
            source = source.encode("utf-8", "replace").decode()
        self._cuts: list[tuple[re.Pattern[str], str]] = []
        for sign, pattern in _NO_PROSE:
            if sign in source:
                self._cuts.append((pattern, source))
                source = pattern.sub(" ", source)
        self.text = source

    @cached_property
    def _left_out(self) -> list[tuple[list[int], list[int]]]:
        """For each cut, the last first: positions behind each thing left out, and how far its source is ahead there."""
        found: list[tuple[list[int], list[int]]] = []
        for pattern, source in reversed(self._cuts):
            at, ahead = [0], [0]
            for match in pattern.finditer(source):
                at.append(match.start() - ahead[-1] + 1)
                ahead.append(ahead[-1] + match.end() - match.start() - 1)
            found.append((at, ahead))
        return found

    def place(self, position: int) -> int:
        """Where a position of the prose is in the source."""
        for at, ahead in self._left_out:
            position += ahead[bisect_right(at, position) - 1]
        return position


def stretches(text: str) -> Iterator[Stretch]:
    """Stretches with at least one word, in order, in linear time."""
    for found in (_SENTENCE if text.isascii() else _STRETCH).finditer(text):
        part = found[0]
        words = words_of(part)
        if words:
            yield Stretch(found.start(), found.end(), part, words)


def words_of(text: str) -> list[str]:
    if text.isascii():
        ascii_words = text.encode().translate(_ASCII_LETTERS).decode().split()
        return [word for word in ascii_words if len(word) > 1 or word in _SINGLE_ASCII_WORDS]
    return [
        word
        for word in _WORD.findall(text.lower())
        if len(word) > 1 or word in _SINGLE_ASCII_WORDS or not (word.isascii() or _GREEK.match(word))
    ]


_CJK_CHAR = re.compile(rf"[{_CJK}]")


def is_cjk(text: str) -> bool:
    """Whether at least half of the text's letters are Chinese, Japanese or Korean."""
    if text.isascii():
        return False
    return 2 * len(_CJK_CHAR.findall(text)) >= sum(map(str.isalpha, text)) > 0
