"""A labelled set for the language reward, written for this project and put together by a program: 2,324 rows."""

import json
import random
from pathlib import Path
from typing import NamedTuple

_SEED = 20_261_124
_FILE = Path(__file__).with_name("cases") / "sentences.json"
SENTENCES: dict[str, list[str]] = json.loads(_FILE.read_text("utf-8"))
NAMES = ("Josh", "Natalia", "Wendi", "Charleston", "Raymond", "Anna")
FORMULAS = ("$x^2 + {n} = {m}$", "\\({n} \\cdot {m}\\)", "{n} + {m} = {k}.", "\\[\\frac{{{n}}}{{{m}}}\\]", "x = {n}")
RATIOS = (0.0, 0.05, 0.2, 0.5)
_SPACELESS = ("zh", "ja")
VARIANTS = 5
COTS = 20
MIXTURE_SENTENCES = 40
PARTNERS = 6


class Row(NamedTuple):
    kind: str
    """`sentence`, `cot` or `mixture`."""
    target: str
    text: str
    foreign: str | None
    share: float
    """Share of the target's words, by construction: words are counted in the plain sentences."""


def count_words(code: str, text: str) -> int:
    """Words of a plain sentence, by the plainest rule: CJK characters, else what stands between spaces."""
    if code in (*_SPACELESS, "ko"):
        return sum(c.isalpha() and not c.isascii() for c in text)
    return sum(any(map(str.isalpha, word)) for word in text.split())


def _sentence(code: str, template: str, rng: random.Random) -> str:
    return template.format(name=rng.choice(NAMES), n=rng.randint(2, 900))


def _formula(rng: random.Random) -> str:
    n, m = rng.randint(2, 99), rng.randint(2, 99)
    return rng.choice(FORMULAS).format(n=n, m=m, k=n + m)


def _mixture(code: str, foreign: str, ratio: float, rng: random.Random) -> Row:
    """Sentences of two languages, each followed by a formula at times, in random order."""
    count = round(MIXTURE_SENTENCES * ratio)
    picks = [foreign] * count + [code] * (MIXTURE_SENTENCES - count)
    rng.shuffle(picks)
    own = total = 0
    parts: list[str] = []
    for pick in picks:
        text = _sentence(pick, rng.choice(SENTENCES[pick]), rng)
        words = count_words(pick, text)
        total += words
        own += words if pick == code else 0
        parts.append(f"{text} {_formula(rng)}\n" if rng.random() < 0.4 else f"{text} ")
    return Row("mixture", code, "".join(parts), foreign, own / total)


def rows() -> list[Row]:
    """The whole set, the same every time."""
    rng = random.Random(_SEED)
    found: list[Row] = []
    for code, templates in SENTENCES.items():
        for template in templates:
            found += [Row("sentence", code, _sentence(code, template, rng), None, 1.0) for _ in range(VARIANTS)]
        for _ in range(COTS):
            lines = [f"{_sentence(code, t, rng)} {_formula(rng)}" for t in rng.sample(templates, 5)]
            found.append(Row("cot", code, "\n".join(lines), None, 1.0))
        others = [c for c in SENTENCES if c != code]
        for ratio in RATIOS:
            for foreign in rng.sample(others, PARTNERS):
                found += [_mixture(code, foreign, ratio, rng) for _ in range(4)]
    return found
