"""Options of multiple-choice questions: a letter, with or without its text, alone or in a sentence."""

# ruff: noqa: SIM905  (patterns and word tables)

import re
from typing import NamedTuple

from app.mathcheck.qualify import qualified
from app.mathcheck.unwrap import as_prose, strip


class Option(NamedTuple):
    letter: str
    text: str
    """What the option says; empty if only the letter is given."""


_FONT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|textit|bf|boxed|rm|displaystyle)\b|[{}$*`]|\\[,;! ]|~")
_BEGINS = re.compile(rf"(?:[(\[\s.,]|{_FONT.pattern})*[^\W\d_]")
"""What an option begins with, font commands left out: a letter, in brackets or not."""
_NAMED = re.compile(r"(?:option|choice|answer|选项|选)\s*(?::\s*)?\W{0,3}(?=[A-Za-z]\W{0,3}\Z)", re.I)
_LETTER = re.compile(r"[(\[]?\s*([A-Za-z])\s*[)\]]?\s*[.:)]?")
_WITH_TEXT = re.compile(r"(?:[(\[]\s*([A-J])\s*[)\]]|([A-J])\s*[.:)])[.:]?\s*(\S.*)", re.S)
_SEVERAL = re.compile(
    r"[(\[]?[A-J][)\]]?(?:(?:\s*(?:,|;|&|/|\band\b|和|、)\s*|\s+)(?:and\s+)?[(\[]?[A-J][)\]]?){1,9}\.?"
)
_JOINED = re.compile(r"[A-J]{2,6}")
_MENTION = re.compile(r"(?<![A-Za-z0-9_\\^'’-])[(\[]?([A-J])[)\]]?(?![A-Za-z0-9_'’^]|\s?[=+/<>]|\s?\*(?!\*))")
_NEXT_OPTION = re.compile(r"(?:^|[\s,;])(?:[(\[]([A-J])[)\]]|([A-J])[.)])(?=\s*\S)")
_GOES_ON = re.compile(r"[)\]*$]*\s*(?:,|;|&|/|\||\band\b|\bor\b|或|和)\s*(?:and\s+|or\s+)?[*$(\[]*[A-J](?![A-Za-z])")
"""Behind one letter, another that stands beside it."""
_ANSWER_IS = re.compile(
    r"(?:answer|option|choice|choose|select|pick|答案|选)\W*(?:is|are|:|为|是|would be)?\W*\Z", re.I
)
_VERBS = frozenset("is was and or because since as but not seems must should would can has isn".split())
_MATH = re.compile(r"[-+*/^=<>]|\\(?!text|mathrm|mathbf)[A-Za-z]")
_LIST_GOES_ON = re.compile(r"[.)]?[^\n]{0,80}?(?:\n\s*(?:[-*]\s*)?|\s)[(\[]?[B-J][.)\]]\s+\S")
_LEADING = re.compile(
    r"[(\[]?([A-J])[)\]]?[,;:.]?\s*(?:since|because|as|for|is (?:the )?(?:correct|right|only|true|best))\b"
)
MAX_CHARS = 2_000
"""A sentence that names an option is not longer."""


def option(text: str) -> Option | None:
    """The option that a short text is: `B`, `(B)`, `B.`, `\\text{(B)} 12`; None if it is none."""
    if len(text) > MAX_CHARS or not _BEGINS.match(strip(text)):
        return None
    bare = _NAMED.sub("(", _FONT.sub(" ", strip(text)).strip()).strip(" .,")
    if m := _LETTER.fullmatch(bare):
        bracketed = not bare[:1].isalpha() or not bare[-1:].isalpha()
        return Option(m[1].upper(), "") if m[1].isupper() or bracketed else None
    if m := _WITH_TEXT.fullmatch(bare):
        return Option(m[1] or m[2], m[3].strip()) if not _others(m[3], m[1] or m[2]) else None
    return None


def _others(text: str, letter: str) -> bool:
    """Whether more options follow in the text: a list of options was copied."""
    return any((m[1] or m[2]) != letter for m in _NEXT_OPTION.finditer(text))


def letters(text: str) -> frozenset[str]:
    """Letters of a selection of several options: `A, C`, `(A) and (C)`, `AC`; empty if it is none."""
    if len(text) > MAX_CHARS or not _BEGINS.match(strip(text)):
        return frozenset()
    bare = _FONT.sub(" ", strip(text)).strip(" .,")
    if _SEVERAL.fullmatch(bare) or (_JOINED.fullmatch(bare) and list(bare) == sorted(set(bare))):
        return frozenset(re.findall(r"[A-J]", bare))
    return frozenset()


def named(text: str) -> str | None:
    """The one option that a sentence chooses; None if it names none, several, or denies it."""
    prose = as_prose(text)[-MAX_CHARS:]
    chosen: list[str] = []
    stated: list[str] = []
    several = False
    for m in _MENTION.finditer(prose):
        if _is_word(prose, m) or qualified(prose, m.start(), m.end()):
            continue
        if _GOES_ON.match(prose, m.end()):
            several = True
            continue
        chosen.append(m[1])
        if _ANSWER_IS.search(prose, max(0, m.start() - 30), m.start()):
            stated.append(m[1])
    if stated:
        return stated[-1] if len(set(stated)) == 1 or stated[-1] == chosen[-1] else None
    return chosen[0] if len(set(chosen)) == 1 and not several else None


def _is_word(prose: str, m: re.Match[str]) -> bool:
    """Whether the letter is an article ("A cat") or a pronoun ("I think")."""
    if m[1] not in "AI" or m[0] != m[1]:
        return False
    following = re.match(r"\s+([a-z]+)", prose[m.end() : m.end() + 20])
    return bool(following) and (m[1] == "I" or following[1] not in _VERBS)


def listed(text: str, end: int) -> bool:
    """Whether the options go on behind the one that ends at `end`: the list was copied and none chosen."""
    return _LIST_GOES_ON.match(text, end) is not None


def chooses(answer: str, reference: Option) -> bool | None:
    """Whether the answer is this option; None if it names no option, so that its text must be compared."""
    if len(answer) > MAX_CHARS:
        return None
    given = option(answer)
    if given is None and len(bare := strip(answer)) == 1 and bare.isalpha():
        return (bare.upper() if reference.letter in "ABCDEFGHIJ" else bare) == reference.letter
    if given is not None:
        return given.letter == reference.letter and _agree(given.text, reference.text)
    if letters(answer):
        return False
    if leading := _LEADING.match(prose := as_prose(answer).strip(" $*")):
        return leading[1] == reference.letter
    if _MATH.search(_FONT.sub(" ", prose)) or not re.search(r"[A-Za-z]{2,}|[一-鿿]", prose):
        return None
    if len({m[1] or m[2] for m in _NEXT_OPTION.finditer(prose)}) > 1:
        return False
    letter = named(answer)
    return (None if reference.text else False) if letter is None else letter == reference.letter


def _agree(given: str, wanted: str) -> bool:
    """Whether two texts of one letter are not two different numbers."""
    numbers = [re.findall(r"\d+(?:\.\d+)?", t) for t in (given, wanted)]
    return not (numbers[0] and numbers[1]) or numbers[0] == numbers[1]
