"""Is the chain of thought in the language that it should be in?"""

import importlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from app.completion import Span
from app.rewards import langid
from app.rewards.base import Component, Params, Sample, abstain, reward
from app.rewards.plain import split_plain
from app.rewards.prose import Prose, Stretch, stretches, words_of
from app.status import Status

_PROMPT_SAMPLE_CHARS = 4096
"""As much of a prompt as its language shows in."""
_PROMPTS_KEPT = 256
"""The completions of a group share their prompt and come together; a megabyte of prompts at most."""
_SHORT_HAN = 8
"""Japanese hardly has more Han characters in a row without kana."""
_NEAR_CHARS = 80
_TERM_WORDS = 2
"""Latin words in a row inside CJK text that are a name or a quoted term, unless they are plainly of a language."""
_SHOWN_LANGUAGES = 5
_SHOWN_SPANS = 8
"""Most spans in the evidence."""


class LanguageParams(Params):
    """Parameters of `language`."""

    target: str | None = None
    """ISO 639-1 code; where unset the item's language, else the prompt's."""
    over: Literal["think", "answer", "all"] = "think"
    """What is looked at; a completion without a think block is looked at whole."""
    backend: Literal["eldc", "langdetect"] = "eldc"
    """`langdetect` is for comparison with rewards that use it: its probability of the target for the whole prose, blind
    to mixtures and slow. Needs the extra `langdetect`."""


@reward("language", version=4, params=LanguageParams)
def language(sample: Sample, params: LanguageParams) -> Component:
    """Share of the words of the chain of thought that are in the target language.

    Formula: words in the target language / words. LaTeX, code, links, tags, numbers and variables are left out first.
    A stretch is a run of CJK or Indic script, or a sentence in another script; its words count for its language, which
    is told by script, function words, or n-grams. A stretch too short to tell is in its neighbours' language. Each CJK
    character is a word.
    Range: [0, 1]; 0 where there are no words. Source: DeepSeek-R1 (arXiv 2501.12948v1), section 2.3.2.
    Example: one Spanish sentence of 10 words among 40 English ones, target en: 0.8.
    """
    target = params.target or sample.language or _of_prompt(sample.prompt[:_PROMPT_SAMPLE_CHARS])
    if target is None:
        return abstain(Status.BAD_REFERENCE, "no target language: give `language`, or a prompt to tell it by")
    if params.backend == "langdetect":
        return _by_langdetect(sample, params.over, target)
    words: dict[str, int] = {target: 0}
    foreign: list[dict[str, Any]] = []
    for span in _looked_at(sample, params.over):
        prose = Prose(span.of(sample.completion))
        text = prose.text
        plain, rest = split_plain(text, target)
        words[target] += plain
        for start, end in rest:
            parts = list(stretches(text[start:end]))
            before, after = (target if start else None), (target if end < len(text) else None)
            codes = _languages(parts, target, before, after, end - start)
            for part, code in zip(parts, codes, strict=True):
                if code is None:
                    continue
                words[code] = words.get(code, 0) + len(part.words)
                if code != target:
                    first, last = prose.place(start + part.start), prose.place(start + part.end - 1)
                    _add_span(foreign, code, span.start + first, span.start + last + 1)
    total = sum(words.values())
    score = words[target] / total if total else 0.0
    evidence: dict[str, Any] = {
        "target": target,
        "words": dict(
            sorted(((code, n) for code, n in words.items() if n), key=_count, reverse=True)[:_SHOWN_LANGUAGES]
        ),
    }
    if foreign:
        evidence["spans"] = foreign[:_SHOWN_SPANS]
    return Component(score, evidence=evidence)


def _by_langdetect(sample: Sample, over: str, target: str) -> Component:
    try:
        langdetect: Any = importlib.import_module("langdetect")
    except ImportError:
        return abstain(Status.ERROR, "backend langdetect is not installed: pip install assay[langdetect]")
    langdetect.DetectorFactory.seed = 0  # else the same text gets another answer each time
    text = "\n".join(Prose(span.of(sample.completion)).text for span in _looked_at(sample, over))
    try:
        found = {one.lang.partition("-")[0]: round(one.prob, 4) for one in langdetect.detect_langs(text)}
    except langdetect.LangDetectException:  # no letters
        found = dict[str, float]()
    return Component(found.get(target, 0.0), evidence={"target": target, "probabilities": found})


def _count(counted: tuple[str, int]) -> int:
    return counted[1]


@lru_cache(maxsize=_PROMPTS_KEPT)
def _of_prompt(prompt: str) -> str | None:
    text = Prose(prompt).text
    words = words_of(text)
    return langid.language_of_prompt(text, words) if words else None


def _looked_at(sample: Sample, over: str) -> Sequence[Span]:
    think, outside, _ = sample.sections
    if over == "all" or not think:
        return (Span(0, len(sample.completion)),)
    return think if over == "think" else outside


def _add_span(spans: list[dict[str, Any]], code: str, start: int, end: int) -> None:
    if spans and spans[-1]["language"] == code and start - spans[-1]["span"][1] <= 2:
        spans[-1]["span"][1] = end
    else:
        spans.append({"language": code, "span": [start, end]})


def _languages(
    parts: list[Stretch], target: str, before: str | None, upcoming: str | None, size: int
) -> list[str | None]:
    """A language for each stretch of a text of so many characters; None where its words should not count.

    `before` and `upcoming` stand around the text.
    """
    kana_end = 0 if before == "ja" else -_NEAR_CHARS
    kana_after = size if upcoming == "ja" else size + _NEAR_CHARS
    found = [langid.language_of(part.text, part.words, target) for part in parts]
    after: list[str | None] = [None] * len(parts)
    for index in range(len(parts) - 1, -1, -1):
        after[index] = upcoming
        upcoming = found[index] or upcoming
    for index, part in enumerate(parts):
        code = found[index]
        if code == "ja":
            kana_end = part.end
        elif code == "zh" and len(part.words) < _SHORT_HAN and _kana_near(parts, found, index, (kana_end, kana_after)):
            code = "zh" if langid.plainly_chinese(part.text) else "ja"
        if code is None:
            code = _by_neighbours(part, before, after[index], target)
        else:
            before = code
        found[index] = code
    return found


def _kana_near(parts: list[Stretch], found: list[str | None], index: int, around: tuple[int, int]) -> bool:
    """Whether Japanese stands near: it ended before at `around[0]`, or begins at `around[1]` at the latest."""
    part = parts[index]
    if part.start - around[0] < _NEAR_CHARS or around[1] - part.end < _NEAR_CHARS:
        return True
    following = index + 1
    # A few stretches at most: each is one character at least, and the distance is bounded.
    while following < len(parts) and parts[following].start - part.end < _NEAR_CHARS:
        if found[following] == "ja":
            return True
        following += 1
    return False


def _by_neighbours(part: Stretch, before: str | None, after: str | None, target: str) -> str | None:
    """Language of a stretch that does not tell its own: the neighbours' where they agree on another, else the target.

    Between CJK a Latin name or term has no language. What can't be that language, for its script or for want of any of
    its function words, is in none that is known.
    """
    cjk = ("zh", "ja", "ko")
    if (before in cjk or after in cjk) and len(part.words) <= _TERM_WORDS:
        return None
    likely = target
    if before == after or after is None or before is None:
        other = before or after
        likely = other if other is not None and other not in cjk else target
    if len(part.words) <= _TERM_WORDS or langid.possible(part.text, part.words, likely):
        return likely
    return langid.UNKNOWN
