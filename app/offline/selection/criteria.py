"""What a completion must be to be kept, as filters of its row of a scored run."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

Choose = Literal["shortest", "first", "random", "diverse"]
Row = dict[str, Any]
"""Columns of one row, without its texts."""


class Criteria(NamedTuple):
    """Defaults: the paper's (arXiv 2501.12948, section 2.3.3): right, one language, readable."""

    min_language: float = 0.95
    """Share of words in the prompt's language."""
    min_readability: float = 1.0
    """1: no long paragraph, no code block in the thought, nothing garbled, no mixed scripts."""
    max_loop: float = 0.2
    """Largest share of the completion that is one piece over and over."""
    max_chars: int | None = None
    pass_band: tuple[float, float] = (0.0, 1.0)
    """Of a prompt's pass rate, both ends in: 0.1 to 0.9 leaves prompts that RL learns from."""
    per_prompt: int = 1
    choose: Choose = "shortest"
    near: float | None = 0.8
    """Jaccard similarity of word shingles from which two texts are near-duplicates; None keeps them."""
    ngram: int = 13
    """Words of the n-gram that a prompt may not share with a benchmark's question (GPT-3's and Tulu's measure)."""
    seed: int = 0


Filter = tuple[str, Callable[[Row], bool]]


def row_filters(c: Criteria) -> list[Filter]:
    """Name and test of each filter that needs no text, in order."""
    return [
        ("scored", lambda row: row["accuracy"] is not None),
        ("right", lambda row: row["accuracy"] >= 1.0),
        ("finished", _finished),
        ("one language", lambda row: row["language"] is None or row["language"] >= c.min_language),
        ("readable", lambda row: row["readability"] is None or row["readability"] >= c.min_readability),
        ("not repeating", lambda row: row["loop"] is None or -row["loop"] <= c.max_loop),
        ("not too long", lambda row: c.max_chars is None or row["chars"] <= c.max_chars),
    ]


COLUMNS = ("id", "group", "accuracy", "language", "readability", "loop", "chars", "meta", "reward")


def _finished(row: Row) -> bool:
    """Whether the sampler did not cut it off, where the data tells."""
    if not row["meta"] or '"finish_reason":"length"' not in row["meta"]:
        return True
    meta: Any = msgspec.json.decode(row["meta"])
    return meta.get("finish_reason") != "length"


def pass_rates(rows: list[Row]) -> dict[str, float]:
    """Share of right completions among the scored ones of each group."""
    counts: dict[str, list[int]] = {}
    for row in rows:
        if row["accuracy"] is not None and row["group"] is not None:
            count = counts.setdefault(row["group"], [0, 0])
            count[0] += 1
            count[1] += row["accuracy"] >= 1.0
    return {group: right / n for group, (n, right) in counts.items()}
