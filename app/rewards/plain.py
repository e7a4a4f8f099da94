"""The cheap look at a text: how many of its words stand in sentences that are plainly in the target language.

Most of a long thought is. Sentences are asked of the n-grams, which are faster than anything in Python; words are
counted over the whole text by the first bytes of their letters in UTF-8. What is not plain goes to the careful look,
with its place.
"""

import re
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from app.rewards import langid

MAX_SENTENCE = 300
"""Longer ones are looked at in pieces: without punctuation a whole chain of thought would be one sentence."""
_FEW_WORDS = 3
_PLAIN_HITS = 2
_PLAIN_PART = 6
"""Function words that only the target has make a sentence plain: two at least, and one of six words."""

_ENDS = "!?;。！？；।؟"
_SIGNS = "×÷"
"""Signs whose first byte is that of letters."""


def _bytes(*leads: range | int) -> bytes:
    return bytes(byte for lead in leads for byte in (lead if isinstance(lead, range) else (lead,)))


_CONTINUATION = _bytes(range(0x80, 0xC0))
_ASCII = _bytes(range(0x80))
_SYMBOLS = _bytes(0xC2, 0xE2, *range(0xEE, 0x100))
"""First bytes of punctuation, signs, full-width forms and emoji."""
_LATIN = _bytes(range(0xC3, 0xCD), 0xE1)
_CYRILLIC = _bytes(range(0xD0, 0xD4))
_ARABIC = _bytes(range(0xD8, 0xDC))
_DEVANAGARI = _bytes(0xE0)
_HAN = _bytes(range(0xE3, 0xEA))
_HANGUL = _bytes(range(0xEA, 0xEE))
_LETTERS_OF = {
    **dict.fromkeys(("en", "de", "fr", "es", "it", "pt", "vi", "tr", "nl", "pl"), _LATIN),
    **dict.fromkeys(("ru", "uk", "bg"), _CYRILLIC),
    **dict.fromkeys(("ar", "fa", "ur"), _ARABIC),
    **dict.fromkeys(("hi", "mr"), _DEVANAGARI),
}
"""First bytes of the letters that a language is written in, beside ASCII."""
_NATIVE = {code: _ASCII + _CONTINUATION + _SYMBOLS + letters for code, letters in _LETTERS_OF.items()}

_LETTER, _VARIABLE = 1, 2
_TO_LETTERS = bytes(
    (_LETTER if chr(c) in "aiAI" else _LETTER | _VARIABLE if chr(c).isalpha() else 0)
    if c < 0x80
    else 0
    if c in _SYMBOLS
    else _LETTER
    for c in range(256)
)
"""A letter that may be a word, a letter that is a variable where it stands alone, and 0 for what separates words."""
_MOST = 1 << 16
_ONES = int.from_bytes(bytes((1,)) * _MOST, "little")
"""The first bit of each byte of most texts."""


class Plain(NamedTuple):
    """The words of a text's plain sentences, and the rest."""

    words: int
    rest: list[tuple[int, int]]
    """Positions of runs of other sentences."""


def split_plain(text: str, target: str) -> Plain:
    """The plain sentences of a text without formulas; all of it is rest for a target that is not known here."""
    if target in _MAY_STAND:
        return _by_character(text, target)
    if target in _NATIVE:
        return _by_words(text, target)
    return Plain(0, [(0, len(text))])


def _lines(text: str) -> str:
    """The text with a line for each sentence; positions stay."""
    text = text.replace(".", "\n")
    for end in _ENDS:
        text = text.replace(end, "\n")
    for sign in _SIGNS:
        text = text.replace(sign, " ")
    return text


def _count(raw: bytes) -> int:
    """Words, without single letters that are variables.

    The text is one long number with a byte for each character, as nothing in Python counts pairs of characters faster.
    """
    both = int.from_bytes(raw.translate(_TO_LETTERS, _CONTINUATION), "little")
    ones = _ONES if len(raw) <= _MOST else int.from_bytes(bytes((1,)) * len(raw), "little")
    letters, variables = both & ones, both >> 1 & ones
    before, after = letters << 8, letters >> 8
    edges = (letters ^ before).bit_count()
    alone = (variables ^ variables & (before | after)).bit_count()
    return edges // 2 - alone


def _by_words(text: str, target: str) -> Plain:
    lined = _lines(text)
    lines = lined.split("\n")
    tell = langid.first_choice
    codes = [tell(line) if len(line) > _SHORT else _short(line, target) for line in lines]
    raw = lined.encode()
    latin = _LETTERS_OF[target] is _LATIN
    wary = (
        _longest(lines) > MAX_SENTENCE
        or (not text.isascii() and bool(raw.translate(None, _NATIVE[target])))
        or (not latin and _MUCH_ASCII.search(lined) is not None)
    )
    rest: list[int] = []
    last = -2
    for at, code in enumerate(codes):
        if code == target and not wary:
            continue
        line = lines[at]
        if code == target and latin and line.isascii() and len(line) <= MAX_SENTENCE:
            continue
        if last == at - 1 if code == _AS_BEFORE else not _is_plain(line, code, target):
            rest.append(at)
            last = at
    if not rest:
        return Plain(_count(raw), [])
    words = _count(raw) - sum(_count(lines[at].encode()) for at in rest)
    return Plain(words, _runs(lines, rest))


def _longest(lines: list[str]) -> int:
    return max(map(len, lines))


def _runs(lines: list[str], chosen: list[int]) -> list[tuple[int, int]]:
    """Positions of the chosen lines, those next to each other as one."""
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    runs: list[tuple[int, int]] = []
    for at in chosen:
        if runs and runs[-1][1] == starts[at]:
            runs[-1] = (runs[-1][0], starts[at + 1])
        else:
            runs.append((starts[at], starts[at + 1]))
    return runs


def _is_plain(line: str, code: str, target: str) -> bool:
    """Whether a sentence that the n-grams give to `code` is plainly in the target language."""
    if not _ANY_LETTER.search(line):
        return True
    raw = line.encode()
    if not _count(raw):
        return True
    if len(line) > MAX_SENTENCE or raw.translate(None, _NATIVE[target]):
        return False
    if _LETTERS_OF[target] is not _LATIN:
        return code == target and not _MUCH_ASCII.search(line)
    if code == target:
        return True
    words = raw.lower().translate(_ONLY_LETTERS).split()
    hits = len(langid.plain_words(target).intersection(words))
    return hits >= _PLAIN_HITS and hits * _PLAIN_PART >= len(words)


_SHORT = 48
"""Characters of what stands between formulas: "So", "Then we get"; the same ones come again and again."""
_AS_BEFORE = "before"
"""In place of a language: too short to tell, and plain where the sentence before is."""


@lru_cache(maxsize=4096)
def _short(line: str, target: str) -> str:
    """The language of a short sentence; the target for one that is plain."""
    code = langid.first_choice(line)
    if _is_plain(line, code, target):
        return target
    raw = line.encode()
    words = raw.lower().translate(_ONLY_LETTERS).split()
    few = len(words) <= _FEW_WORDS and len(b"".join(words)) < langid.CHARS_TO_TELL
    return _AS_BEFORE if few and _LETTERS_OF[target] is _LATIN and not raw.translate(None, _NATIVE[target]) else code


_ANY_LETTER = re.compile(r"[^\W\d_]")
_ONLY_LETTERS = bytes(c if c >= 0x80 or chr(c).isalpha() else ord(" ") for c in range(256))


_APART = r"[^A-Za-z\u0250-\U0010ffff\n]+"
_MUCH_ASCII = re.compile(
    rf"[A-Za-z](?:[A-Za-z]{{11}}|[A-Za-z]+(?:{_APART}(?:[A-Za-z]{_APART}){{0,3}}[A-Za-z]{{2,}}){{2}})"
)
"""More ASCII than a name or a term in a sentence of another script: a long word, or three words beside variables.

One set of characters stands first: the search leaps to its members."""

_KANA_LEADS = (b"\xe3\x81", b"\xe3\x82", b"\xe3\x83")
_NOT_CHARACTERS = bytes(set(range(0x100)) - set(_HAN) - set(_HANGUL)) + b"\xe3"
_COMMON = _ASCII + _CONTINUATION + _SYMBOLS
_MAY_STAND = {"zh": _COMMON + _HAN, "ja": _COMMON + _HAN, "ko": _COMMON + _HANGUL + b"\xe3"}
"""First bytes of what a text has without letters of other scripts; kana and punctuation share one."""
_NO_KANA = re.compile(r"^[^\u3040-\u30ff\n]*+$", re.MULTILINE)


def _by_character(text: str, target: str) -> Plain:
    """Chinese, Japanese and Korean: a sentence is plain by its characters; ASCII terms in it have no language."""
    lined = _lines(text)
    raw = lined.encode()
    kana = any(lead in raw for lead in _KANA_LEADS)
    doubtful = raw.translate(None, _MAY_STAND[target]) or (
        not all(map(str.isascii, _NO_KANA.findall(lined))) if target == "ja" else kana
    )
    if not doubtful and _MUCH_ASCII.search(lined) is None:
        return Plain(_count_characters(raw), [])
    lines = lined.split("\n")
    rest = [at for at, line in enumerate(lines) if not _is_plain_cjk(line, target, kana)]
    words = _count_characters(raw) - sum(_count_characters(lines[at].encode()) for at in rest)
    return Plain(words, _runs(lines, rest))


def _is_plain_cjk(line: str, target: str, kana_about: bool) -> bool:
    if _MUCH_ASCII.search(line):
        return False
    if line.isascii():
        return True
    raw = line.encode()
    if raw.translate(None, _MAY_STAND[target]):
        return False
    kana = any(lead in raw for lead in _KANA_LEADS)
    if target == "ja":
        return kana
    # Beside Japanese, Han characters are Chinese if some of them are only that.
    return not kana and (target == "ko" or not kana_about or langid.plainly_chinese(line))


def _count_characters(raw: bytes) -> int:
    return len(raw.translate(None, _NOT_CHARACTERS)) + sum(map(raw.count, _KANA_LEADS))
