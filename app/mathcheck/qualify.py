"""What the words around a value make of it: a statement, or a denial, a guess, a bound, a condition, a question.

Every source of answers passes here, so that "not 42", "42 or so", "is it 42?" are no answers wherever they stand.
The rules read a window of words on both sides, within the sentence: bounded work for each candidate.
"""

import re
from functools import lru_cache

from app.mathcheck.after import read_after
from app.mathcheck.before import BOUNDED, read_before
from app.mathcheck.manner import PLAIN, Manner
from app.mathcheck.phrases import BEFORE_MARKS, BOXED_MARKS, rough_words
from app.mathcheck.voice import MARKS_BEFORE, NO_ANSWER, counts, told_after, told_before

WINDOW = 150
"""Characters on each side that may change what a value is said to be."""
BESIDE = 40
"""Characters after a value in which the noun that it counts may stand."""
SENTENCE = 50
"""Characters in which the start of the sentence is looked for first."""
_CLOSERS = " \n.$)]}*\\"
"""What may end the sentence of an answer without a word on it."""
_ALONE = re.compile(r"\b(?:so|thus|hence|anyway|then|ok|okay|well|final|my|the|answer|here|is|it|goes)\b[,:]?", re.I)
_OPENERS = " \n$*([{\\"
"""What may stand before a value that is a sentence of its own."""
_TAG = re.compile(r"</?[a-zA-Z|][^<>\n]{0,40}>")
_START = re.compile(
    r"[.!?](?<!approx.)(?<!ca.)(?<!\bc.)(?<!\best.)(?<!e\.g.)[)*\"'”_$]*\s|[。！？]|\n\s*\n|"
    + _TAG.pattern
    + r"|\n[>*# -]+(?=[A-Za-z*$])|\n(?=[-*#>•] |[A-Z\d一-鿿])|(?:\A|\n)[>*# -]+"
)
_BEGINS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789>*# -")
"""At the start of a line these begin a sentence: what `_START` says, in short."""
_LONGEST_TAG = 44
_END_TAGS = ("", "</answer>", "</verifier_answer>")
_EXTREMAL = re.compile(
    r"\b(?:minim|maxim|extrem|optim)|(?:smallest|largest|greatest|fewest)\b|"
    r"(?<!at )(?<!at the very )\b(?:least|most)\b",
    re.I,
)
CONTEXT = 1_000
"""Characters before a bound in which the question for it may stand."""
LINES = 4
"""Lines before a box that may be parts of its formula."""
_SIGNS = ("<", ">", "~", "!=", "n't")


def qualified(text: str, start: int, end: int, manner: Manner = PLAIN) -> str | None:
    """Why `text[start:end]` is not stated as the answer where it stands; None if it is."""
    if manner.strict or (
        _speaks(text[max(0, start - WINDOW) : start], False)
        if manner.weak
        else speaks_before(text, 0, start, boxed=manner.boxed)
    ):
        sentence = _before(text, start)
        counted = counts(text[end : end + BESIDE])
        if (
            manner.boxed
            and not _ALONE.sub("", sentence).strip(_OPENERS)
            and (reason := _given_up(text, start - len(sentence)))
        ):
            return reason
        reason = read_before(sentence, manner, counted=counted) or told_before(sentence, counted=counted)
        if reason is not None and not (reason == BOUNDED and manner.boxed and _is_extremal(text, start)):
            return reason
    after = text[end : end + WINDOW]
    return None if after.strip(_CLOSERS) in _END_TAGS else read_after(after) or told_after(after)


def _given_up(text: str, start: int) -> str | None:
    """Why a box that is a sentence of its own is no answer after the sentence before it: its writer had none."""
    said = text[max(0, start - WINDOW) : start].rstrip(_CLOSERS + "!")
    reason = told_before(_before(said, len(said)), counted=False)
    return reason if reason in NO_ANSWER else None


def _is_extremal(text: str, start: int) -> bool:
    """Whether the text looks for a least or greatest value, which a bound then is."""
    return _EXTREMAL.search(text, max(0, start - CONTEXT), start) is not None


def speaks_before(text: str, floor: int, start: int, *, boxed: bool = True) -> bool:
    """Whether words between `floor` and `start`, in the sentence, may qualify what stands there: if not, none do."""
    cut = start - WINDOW if start - WINDOW > floor else floor
    tag_end = text.rfind(">", cut, start) + 1
    if tag_end:
        tag = text.rfind("<", max(0, tag_end - _LONGEST_TAG), tag_end)
        if tag >= 0 and (found := _TAG.match(text, tag)) and found.end() == tag_end:
            cut = tag_end
    line = start
    for _ in range(LINES):
        line = text.rfind("\n", cut, line)
        if line < 0:
            break
        if text[line + 1] in _BEGINS or text[line - 1] == "\n":
            cut = line + 1
            break
    return _speaks(text[cut:start], boxed)


@lru_cache(maxsize=4096)
def _speaks(window: str, boxed: bool) -> bool:
    """Whether the window may hold one of the marks: a quick look that spares the rules in nine cases of ten.

    Remembered, since most answers of a model are led in by the same few phrases.
    """
    if not window.isascii():
        return True
    for sign in _SIGNS:  # a loop costs half of `any`
        if sign in window:
            return True
    words = rough_words(window)
    if not MARKS_BEFORE.isdisjoint(words):
        return True
    return not (BOXED_MARKS if boxed and "answer" not in words else BEFORE_MARKS).isdisjoint(words)


def _before(text: str, start: int) -> str:
    """The words before a position, from the start of its sentence."""
    for reach in (SENTENCE, WINDOW):
        begins = [m.end() for m in _START.finditer(text, max(0, start - reach), start + 1)]
        if begins:
            return text[min(begins[-1], start) : start]
    return text[max(0, start - WINDOW) : start]
