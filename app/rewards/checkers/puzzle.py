"""Logic tasks of reasoning-gym, by that library's own scorer; an optional extra."""

import importlib
import math
import re
from collections.abc import Mapping
from typing import Any

from app.mathcheck import Extraction, NoAnswer
from app.rewards.base import Component, Sample, abstain
from app.rewards.checkers.answers import SHOWN_CHARS, judged, no_answer, stated
from app.rewards.checkers.base import checker
from app.status import Status

_MAX_CHARS = 1 << 14
"""Of an answer: a maze or a grid has some hundreds."""
_EVALUATED = frozenset(
    (
        "bitwise_arithmetic",
        "countdown",
        "intermediate_integration",
        "polynomial_multiplication",
        "puzzle24",
        "simple_integration",
    )
)
"""Tasks whose scorers give the answer to Python's `eval`, by SymPy's `parse_expr` or themselves."""
_LISTED = frozenset(("binary_matrix", "n_queens", "spiral_matrix", "string_insertion"))
"""Tasks whose scorers do so with a list."""
_CALLS = re.compile(r"[(@:]|\*|__|\.\s*[^\W\d]|\bfor\b")
_NAME = re.compile(r"[^\W\d]\w*")
_HARMLESS = frozenset("sin cos tan sec csc cot asin acos atan sinh cosh tanh exp log ln sqrt Abs abs pi".split())  # noqa: SIM905
_UNSAFE = re.compile(r"[\"'`\\@:;={}\[\]]|__|\.\s*[^\W\d]|\d{400}|\*\*\s*\(?\s*\d{4}|\*\*[\s(]*[\w.]+\s*\*\*")
_NOT_FINITE = re.compile(r"(?<![a-z])(?:nan|inf(?:inity)?)(?![a-z])|\d[eE]\d{3,}", re.IGNORECASE)
"""What `float` reads, and distances to which compare as no distance: `min(1.0, nan)` is 1."""
_HEX = re.compile(r"[+-]?0[xX][0-9a-fA-F]{1,64}|[+-]?\d{1,64}")


@checker("puzzle")
def puzzle(sample: Sample, policy: Mapping[str, Any]) -> Component:
    """What reasoning-gym's scorer of the task `dataset` gives for the answer; `entry` is the task's item, whole.

    Range: [0, 1]. Abstains with `error` where reasoning-gym is not installed. An answer that the scorer fails on is
    `unparsable`, if it does not fail on the entry's own too. Source: reasoning-gym, `score_answer`.
    """
    dataset, entry = sample.reference.get("dataset"), sample.reference.get("entry")
    if not isinstance(dataset, str) or not isinstance(entry, Mapping):
        return abstain(Status.BAD_REFERENCE, "a puzzle reference has `dataset` and `entry`")
    try:
        library: Any = importlib.import_module("reasoning_gym")
    except ImportError:
        return abstain(Status.ERROR, "puzzles need reasoning-gym: pip install assay[puzzle]")
    try:
        score_answer = library.get_score_answer_fn(dataset)
    except (ValueError, KeyError):
        return abstain(Status.BAD_REFERENCE, f"reasoning-gym has no dataset '{dataset}'")
    found = stated(sample.completion)
    if isinstance(found, NoAnswer):
        return no_answer(found)
    if len(found.text) > _MAX_CHARS:
        return Component(0.0, Status.TOO_COMPLEX, {"detail": f"an answer of {len(found.text)} characters"})
    if dataset in _EVALUATED and not _is_arithmetic(found.text):
        return _unparsable(found, "the task's answer is an expression, of numbers, letters and functions")
    if dataset in _LISTED and _CALLS.search(found.text):
        return _unparsable(found, "the task's answer is a text or a list")
    if _NOT_FINITE.search(found.text) and not _NOT_FINITE.search(str(entry.get("answer"))):  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return _unparsable(found, "the answer is no finite number")
    return _scored(score_answer, found, dict(entry))  # pyright: ignore[reportUnknownArgumentType]


def _is_arithmetic(text: str) -> bool:
    """Whether it is safe to evaluate: no strings, no attributes, no names but letters and functions of mathematics."""
    if _HEX.fullmatch(text):
        return True
    return not _UNSAFE.search(text) and all(len(name) == 1 or name in _HARMLESS for name in _NAME.findall(text))


def _scored(score_answer: Any, found: Extraction, entry: dict[str, Any]) -> Component:
    try:
        score = float(score_answer(answer=found.text, entry=entry))
    except Exception as error:  # noqa: BLE001 - the edge of the library: its scorers raise what they come upon
        if _fails(score_answer, entry):
            return abstain(Status.BAD_REFERENCE, f"the scorer fails on the entry's own answer: {error!r:.300}")
        return _unparsable(found, f"the task's scorer can't read it: {error!r:.300}")
    if not math.isfinite(score):
        return abstain(Status.ERROR, f"the task's scorer gave {score}")
    return judged(min(1.0, max(0.0, score)), found, "reasoning-gym")


def _fails(score_answer: Any, entry: dict[str, Any]) -> bool:
    """Whether the fault is the entry's: its own answer can't be scored either."""
    try:
        score_answer(answer=entry["answer"], entry=entry)
    except Exception:  # noqa: BLE001 - as above
        return True
    return False


def _unparsable(found: Extraction, why: str) -> Component:
    shown = {"extracted": found.text[:SHOWN_CHARS], "span": [found.start, found.end]}
    return Component(0.0, Status.UNPARSABLE, {"detail": why, **shown})
