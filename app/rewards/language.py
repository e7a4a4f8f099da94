"""Is the chain of thought in the language that it should be in?"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

import eldc

from app.rewards.base import Component, Params, Sample, abstain, reward
from app.status import Status

eldc.init()
_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)"  # fenced code
    r"|`[^`\n]*`"
    r"|\$\$[^$]*\$\$|\$[^$\n]*\$"  # LaTeX in its delimiters; a search for the end stops at the next beginning
    r"|\\\((?:[^\\\n]|\\(?![()]))*\\\)|\\\[(?:[^\\]|\\(?![\[\]]))*\\\]"
    r"|\\[A-Za-z]+(?:\{[^{}\n]*\})*"  # stray commands
    r"|https?://\S+"
    r"|<[^<>\n]{0,32}>",  # tags, calculator marks
    re.DOTALL,
)
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_SEGMENT = re.compile(rf"[{_CJK}]+(?:[\s，。、；：？！]*[{_CJK}]+)*|[^{_CJK}.!?;\n]+")
_ASCII_LETTERS = bytes(c if chr(c).isalpha() and c < 128 else ord(" ") for c in range(256))
"""Translation table: everything but letters separates words."""
_WORD = re.compile(rf"[{_CJK}]|[^\W\d_{_CJK}]{{2,}}|\b[aAI]\b")
_STARTS_CJK = re.compile(rf"[{_CJK}]")
_ENOUGH_CHARS = 60
"""Text from which a detector tells languages of one script apart; names and numbers in short ones mislead it."""
_PROMPT_SAMPLE_CHARS = 4096
"""As much of a prompt as its language shows in."""


class LanguageParams(Params):
    """Parameters of `language`."""

    target: str | None = None
    """ISO 639-1 code; where unset the item's language, else the prompt's."""
    over: Literal["think", "all"] = "think"
    """What is looked at; a completion without a think block is looked at whole."""


def detect(text: str) -> str | None:
    """ISO 639-1 code of the text's language, None where there is nothing to tell it by."""
    found = eldc.detect(text)
    return found if found and found != "und" else None


@reward("language", version=1, params=LanguageParams)
def language(sample: Sample, params: LanguageParams) -> Component:
    """Share of the words of the chain of thought that are in the target language.

    LaTeX, code, links, tags and numbers are left out first. Each run of CJK is a part, and so are sentences of other
    scripts, short ones together; the words of a part count for its language. Each CJK character is a word.
    Range: [0, 1]; 0 where there are no words. Source: DeepSeek-R1 (arXiv 2501.12948), section 2.3.2.
    """
    target = params.target or sample.language or detect(_prose(sample.prompt[:_PROMPT_SAMPLE_CHARS]))
    if target is None:
        return abstain(Status.BAD_REFERENCE, "no target language: give `language`, or a prompt to tell it by")
    text = sample.completion
    if params.over == "think" and sample.sections.think:
        text = "\n".join(span.of(text) for span in sample.sections.think)
    words: Counter[str] = Counter()
    for part in _parts(_prose(text)):
        count = _count_words(part)
        if count:
            words[detect(part) or target] += count
    total = words.total()
    score = words[target] / total if total else 0.0
    return Component(score, evidence={"target": target, "words": dict(words.most_common(5))})


_SINGLE_LETTER_WORDS = (b"a", b"A", b"I")


def _count_words(text: str) -> int:
    """Number of words; single letters are variables unless a language has such a word."""
    if not text.isascii():
        return len(_WORD.findall(text))
    words = text.encode().translate(_ASCII_LETTERS).split()
    single = [word for word in words if len(word) == 1]
    return len(words) - len(single) + sum(map(single.count, _SINGLE_LETTER_WORDS))


def _parts(text: str) -> Iterator[str]:
    """Runs of CJK, and sentences of other scripts: short ones joined until they have letters enough to tell."""
    short: list[str] = []
    length = 0
    for segment in _SEGMENT.finditer(text):
        part = segment[0].strip()
        if _STARTS_CJK.match(part):
            yield part
            continue
        short.append(part)
        length += len(part)
        if length >= _ENOUGH_CHARS:
            yield " ".join(short)
            short, length = [], 0
    if short:
        yield " ".join(short)


def _prose(text: str) -> str:
    return _NOT_PROSE.sub(" ", text)
