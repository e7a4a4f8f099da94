"""The prose of a completion: what is left without formulas, code, links and tags, cut into stretches of one script."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)"  # fenced code
    r"|`[^`\n]*`"
    r"|\$\$[^$]*\$\$|\$[^$\n]*\$"  # LaTeX in its delimiters; a search for the end stops at the next beginning
    r"|\\\((?:[^\\\n]|\\(?![()]))*\\\)|\\\[(?:[^\\]|\\(?![\[\]]))*\\\]"
    r"|\\[A-Za-z]+(?:\{[^{}\n]*\})*"  # stray commands
    r"|https?://\S+"
    r"|<[^<>\n]{0,64}>",  # tags, calculator marks
    re.DOTALL,
)
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


def prose(text: str) -> str:
    """The text with everything that is no prose blanked, so that positions stay."""
    return _NOT_PROSE.sub(lambda found: " " * len(found[0]), text)


def stretches(text: str) -> Iterator[Stretch]:
    """Stretches with at least one word, in order, in linear time."""
    for found in (_SENTENCE if text.isascii() else _STRETCH).finditer(text):
        part = found[0]
        words = words_of(part)
        if words:
            yield Stretch(found.start(), found.end(), part, words)


_TO_SENTENCES = bytes(ord("\n") if chr(c) in ".!?;\n" else b for c, b in enumerate(_ASCII_LETTERS))
"""Translation table as `_ASCII_LETTERS`, with a line for each sentence."""
_SINGLE_VARIABLES = frozenset(bytes([c]) for c in range(ord("a"), ord("z") + 1)) - {b"a", b"i"}
_PLAIN_HITS = 2
_PLAIN_PART = 6
"""Different function words of a sentence that make it plain: two at least, and one of six words."""


_FEW_WORDS = 3
CHARS_TO_TELL = 12
"""Shorter Latin text is a name, a unit or a `So` as often as a sentence: it is in its neighbours' language."""


class Plain(NamedTuple):
    """The sentences of an ASCII text that are plainly of one language, and the rest."""

    words: int
    rest: list[tuple[int, int]]
    """Positions of runs of other sentences."""


def split_plain(text: str, function_words: frozenset[bytes]) -> Plain:
    """The cheap look at an ASCII text, a few operations a sentence: most of a long thought is plain."""
    count = position = 0
    rest: list[tuple[int, int]] = []
    for sentence in text.encode().translate(_TO_SENTENCES).split(b"\n"):
        end = position + len(sentence) + 1
        words = sentence.split()
        if words:
            hits = len(function_words.intersection(words))
            plain = hits >= _PLAIN_HITS and hits * _PLAIN_PART >= len(words) and len(sentence) <= _MAX_STRETCH
            after_rest = bool(rest) and rest[-1][1] == position
            if plain or (len(words) <= _FEW_WORDS and not after_rest and len(b"".join(words)) < CHARS_TO_TELL):
                count += len(words)
                if not _SINGLE_VARIABLES.isdisjoint(words):
                    count -= sum(map(_SINGLE_VARIABLES.__contains__, words))
            elif after_rest:
                rest[-1] = (rest[-1][0], end)
            else:
                rest.append((position, end))
        position = end
    return Plain(count, rest)


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
