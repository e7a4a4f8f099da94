"""Which options a text chooses: a selection by letters and texts, or a sentence that names some and denies others."""

import re
from collections.abc import Mapping, Set
from typing import NamedTuple

from app.mathcheck import check_answer
from app.rewards.checkers.text import normal

LETTERS = "ABCDEFGHIJ"


class Chosen(NamedTuple):
    """What is chosen, and how that is known."""

    letters: Set[str]
    how: str
    hedged: bool = False
    """One of several, left open: `A or B`."""


_ITEM = re.compile(r"[\s(\[<{*_\"'`$\\-]*([A-Ja-j])[\s)\]>}*_\"'`$.:。\\]*")
_MARKED = re.compile(r"[*_$]*(?:[(\[]\s*([A-J])\s*[)\]][.:、]?|([A-J])\s*(?:[).:、]|\s-\s))[*_$\s]*(\S.*)", re.DOTALL)
_MARK = re.compile(r"(?:^|(?<=[\s,;]))(?:[(\[]([A-J])[)\]]|([A-J])[).](?=\s))")
_SEPARATOR = re.compile(
    r"\s*(?:[,;、&/\n]|\+(?=\s*[(\[]?[A-J])|\band\b|\\text|[和与及]|\s(?=[(\[]?[A-J][)\].]?(?:\s|\Z)))\s*",
    re.IGNORECASE,
)
_OR = re.compile(r"\bor\b|或者?", re.IGNORECASE)
_JOINED = re.compile(r"[A-J]{2,10}")
_NAMED_JOINED = re.compile(r"(?:选|答案[是为:]?|\banswers?(?: is| are|:))\s*([A-J]{2,10})(?![A-Za-z])")
_RUN = re.compile(
    r"(?<![A-Za-z0-9_\\°])(?<![A-Za-z0-9]')[A-J](?![A-Za-z0-9_+^]|'[a-z])"
    r"(?:[)\]*\"']*\s*(?:,|;|&|/|、|和|与|或者?|\band\b|\bn?or\b)\s*(?:and |n?or )?"
    r"[(\[*\"']*[A-J](?![A-Za-z0-9_+^]|'[a-z]))*"
)
"""A letter, or letters side by side, which are chosen or denied together."""
_SMALL = re.compile(
    r"(?:\b(?:option|choice|answer(?: is|:)?(?: option)?)|选项?|答案[是为:]?)"
    r"\s*[(*\"']*([a-j])[)*\"']*\s*(?=[.,;:!。，]|\Z)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"(?<![A-Za-z])[A-J](?![A-Za-z])")
_ARTICLE = re.compile(r"A [a-z]")
_PRONOUN = re.compile(r"I [a-z]")
_AFTER_A_LETTER = re.compile(
    r". (?:is|was|and|or|because|since|as|but|not|seems|must|should|would|can|has|rather|instead)\b"
)
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bneither|\brather than|\binstead of|\b(?:anything|everything|all) (?:but|except)|\bexcept|"
    r"\brul(?:es?|ed|ing) out|\beliminat(?:es?|ed|ing)|\bexclud(?:es?|ed|ing)|不是|不选|不能选|而非|而不是|排除|并非)"
    r"\s*(?:be\s+)?(?:both\s+)?(?:the\s+)?(?:options?|answers?|choices?|选项)?\s*[(\[*\"']*\Z",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"[)\]*\"']*\s*(?:(?:is|are|was|were|can|could|must|does|do)\s*)?(?:(?:both|all|also|clearly|obviously|therefore)\s+)?"
    r"(?:n't|not\b|cannot|wrong|incorrect|false|impossible|ruled out|eliminated|excluded|"
    r"都?是?错|都?不对|都?不正确|不成立|被?排除)",
    re.IGNORECASE,
)
_BEFORE_CHARS = 40


def chosen(text: str, options: Mapping[str, str], letters: str) -> Chosen:
    """Letters that the text chooses: by a selection, else by what its sentences name; none if it names none."""
    bare = text.strip("*_$ \n\x00")
    exact = {letter for letter, option in options.items() if normal(option) == normal(bare)}
    if len(exact) == 1:
        return Chosen(exact, "text")
    selected = _selection(bare, options, letters) or _marked(bare, options, letters)
    if selected:
        return selected
    named = _named(text, letters)
    if named.letters:
        return named
    return _by_text(text, bare, options)


def _selection(bare: str, options: Mapping[str, str], letters: str) -> Chosen | None:
    """A text of nothing but options: `A and C`, `(A), (C)`, `AC`, `Paris, Berlin`, `A. Paris or C. Berlin`."""
    if _JOINED.fullmatch(bare) and len(set(bare)) == len(bare):
        return Chosen(set(bare) & set(letters), "letter")
    inner = re.sub(r"\A[\[{(\\]+(?=.*[,;&])|[\]})\\]+\Z(?<=.)", "", bare) if "," in bare or ";" in bare else bare
    found: set[str] = set()
    for part in filter(None, (p for half in _OR.split(inner) for p in _SEPARATOR.split(half))):
        one = _item(part, options, letters)
        if one is None:
            return None
        found |= one
    return Chosen(found, "letter", hedged=len(found) > 1 and _OR.search(inner) is not None) if found else None


def _item(part: str, options: Mapping[str, str], letters: str) -> set[str] | None:
    bare = part.strip("-• \t")
    if not bare.strip("()[]{}\\$*_"):
        return set()
    if (m := _ITEM.fullmatch(bare)) and m[1].upper() in letters:
        return {m[1].upper()}
    texts = {letter for letter, option in options.items() if normal(option) == normal(bare)}
    if texts:
        return texts
    if (m := _MARKED.fullmatch(bare)) and (letter := m[1] or m[2]) in options:
        said = normal(m[3])
        return {letter, *(other for other, option in options.items() if normal(option) == said)}
    return None


def _marked(bare: str, options: Mapping[str, str], letters: str) -> Chosen | None:
    """A letter with its text, `B) Paris`; all of them where a list of options was copied."""
    leading = _MARKED.match(bare)
    letter = (leading[1] or leading[2]) if leading else ""
    if leading is None or letter not in letters:
        return None
    said = normal(leading[3])
    more = {m[1] or m[2] for m in _MARK.finditer(leading[3])} & set(letters)
    texts = {other for other, option in options.items() if normal(option) == said}
    return Chosen({letter} | more | texts, "letter", hedged=bool(more) and _OR.search(leading[3]) is not None)


def _named(text: str, letters: str) -> Chosen:
    """Letters that sentences name and don't deny."""
    found: set[str] = set()
    hedged = False
    joined = _NAMED_JOINED.search(text)
    if joined and list(joined[1]) == sorted(set(joined[1])):
        found |= set(joined[1])
    for run in _RUN.finditer(text):
        if _is_word(text, run) or _denied(text, run.start(), run.end()):
            continue
        found |= set(_LETTER.findall(run[0]))
        hedged |= _OR.search(run[0]) is not None
    if not found:
        found = {m[1].upper() for m in _SMALL.finditer(text) if not _denied(text, m.start(1), m.end(1))}
    return Chosen(found & set(letters), "letter", hedged)


def _is_word(text: str, run: re.Match[str]) -> bool:
    """Whether a letter is the pronoun, or an article: a capital A begins a sentence and a noun follows."""
    if len(run[0]) > 1 or run[0] not in "AI" or _AFTER_A_LETTER.match(text, run.start()):
        return False
    if run[0] == "I":
        return _PRONOUN.match(text, run.start()) is not None
    before = text[max(0, run.start() - _BEFORE_CHARS) : run.start()].rstrip(" *_\"'")
    return _ARTICLE.match(text, run.start()) is not None and before[-1:] in ("", ".", "!", "?", "\n", ":")


def _denied(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _BEFORE_CHARS) : start]
    return _DENIED_BEFORE.search(before) is not None or _DENIED_AFTER.match(text, end) is not None


def _by_text(text: str, bare: str, options: Mapping[str, str]) -> Chosen:
    """Options whose texts stand in the text, the longest where one holds another; else one that is equal to it."""
    padded = f" {normal(text)} "
    found: set[str] = set()
    for letter, option in sorted(options.items(), key=lambda item: -len(item[1])):
        said = f" {said} " if (said := normal(option)) else ""
        at = padded.find(said) if said else -1
        if at >= 0:
            padded = padded.replace(said, " \x00 ")
            if not _denied(padded, at + 1, at + 2):
                found.add(letter)
    if found or not re.search(r"[\d\\]", bare):
        return Chosen(found, "text", hedged=_OR.search(bare) is not None)
    return Chosen({letter for letter, option in options.items() if check_answer(bare, option).score == 1.0}, "value")
