"""A second labelled set for the language reward, that nothing was fitted to: other sentences, other noise, 2,380 rows.

Frames with alternatives make 48 different sentences a language, beside six short ones. Mixtures reach their share by
words.
"""

import json
import random
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from tests.rewards.language_set import Row, count_words

_CASES = Path(__file__).with_name("cases")
_SEED = 5_501
FRAMES: dict[str, list[str]] = json.loads((_CASES / "frames.json").read_text("utf-8"))
SHORTS: dict[str, list[str]] = json.loads((_CASES / "shorts.json").read_text("utf-8"))
RATIOS = (0.0, 0.05, 0.2, 0.5)
NAMES = ("Marta", "Olena", "Yuki", "Priya", "Amina", "Chloe")
SINGLES, SHORT_ROWS, COTS, MIXTURES = 80, 6, 32, 13
"""Rows a language; mixtures, a language and ratio."""
MIXTURE_WORDS = 400
_CHOICE = re.compile(r"\[([^\]]*)\]")
_NOISE = (
    "$\\frac{{{a}}}{{{b}}} = \\sqrt{{{c}}}$",
    "\\({a}x + {b}y = {c}\\)",
    "$$\\sum_{{i=1}}^{{{a}}} i = {c}$$",
    "{a} × {b} = {c}",
    "`total = {a} + {b}`",
    "```python\nfor step in range({a}):\n    total += step\n```",
    "https://www.example.org/{a}/wiki?page={b}",
    "x_{{1}} = {a}, y = {b}",
    "({a}, {b}, {c})",
    "**{a}**",
    "\\boxed{{{a}}}",
)


def sentences(code: str) -> list[str]:
    """All different sentences of a language; numbers and names are still open."""
    return [sentence for frame in FRAMES[code] for sentence in _all(frame)]


def _all(frame: str) -> Iterator[str]:
    pieces = _CHOICE.split(frame)
    options = [piece.split("|") if n % 2 else [piece] for n, piece in enumerate(pieces)]
    return map("".join, product(*options))


def _filled(sentence: str, rng: random.Random) -> str:
    return sentence.format(name=rng.choice(NAMES), n=rng.randint(3, 400))


def _noise(rng: random.Random) -> str:
    return rng.choice(_NOISE).format(a=rng.randint(2, 99), b=rng.randint(2, 99), c=rng.randint(100, 9999))


def _joined(parts: list[str], rng: random.Random) -> str:
    """Sentences as a model writes them: on lines of their own or after each other, with noise between some."""
    text = ""
    for part in parts:
        text += part + rng.choice((" ", " ", "\n", "\n\n"))
        if rng.random() < 0.35:
            text += _noise(rng) + rng.choice((" ", "\n"))
    return text


def _draw(code: str, words: int, rng: random.Random) -> tuple[list[str], int]:
    """Sentences of a language with at least so many words, and how many they have."""
    found: list[str] = []
    have = 0
    while have < words:
        sentence = _filled(rng.choice(sentences(code) if rng.random() < 0.85 else SHORTS[code]), rng)
        found.append(sentence)
        have += count_words(code, sentence)
    return found, have


def _mixture(code: str, foreign: str, ratio: float, rng: random.Random) -> Row:
    own, own_words = _draw(code, round(MIXTURE_WORDS * (1 - ratio)), rng)
    others, other_words = _draw(foreign, round(MIXTURE_WORDS * ratio), rng)
    parts = [*own, *others]
    rng.shuffle(parts)
    return Row("mixture", code, _joined(parts, rng), foreign, own_words / (own_words + other_words))


def rows() -> list[Row]:
    """The whole set, the same every time."""
    rng = random.Random(_SEED)
    found: list[Row] = []
    for code in FRAMES:
        own = sentences(code)
        found += [Row("sentence", code, _filled(rng.choice(own), rng), None, 1.0) for _ in range(SINGLES)]
        found += [Row("short", code, text, None, 1.0) for text in SHORTS[code]]
        for _ in range(COTS):
            parts = [_filled(one, rng) for one in rng.sample(own, rng.randint(3, 8))]
            found.append(Row("cot", code, _joined(parts, rng), None, 1.0))
        for ratio in RATIOS:
            for _ in range(MIXTURES):
                found.append(_mixture(code, rng.choice([c for c in FRAMES if c != code]), ratio, rng))
    return found


def thought(code: str, foreign: str | None, size: int, rng: random.Random) -> str:
    """A thought of so many bytes in UTF-8, with every fifth sentence in another language where one is named."""
    text = ""
    while len(text.encode()) < size:
        chosen = foreign if foreign and rng.random() < 0.2 else code
        text += _joined([_filled(rng.choice(sentences(chosen)), rng)], rng)
    return text.encode()[:size].decode("utf-8", "ignore")
