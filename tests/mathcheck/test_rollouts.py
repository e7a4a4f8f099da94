"""Real rollouts: agreement with their labels, and references rotated among the problems."""

import json
import os
import re
from pathlib import Path

import pytest

from app.mathcheck import check

SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[3] / "shared"))
WRAPPING = re.compile(r"\\text\{[^{}]*\}|\^\\circ|\\[$%!]|,(?=\d{3})|\\left|\\right|[\s{}]")
SAME_NUMBER = {("8_9", "8")}
"""Texts that differ and are equal all the same: eight in base nine is eight."""


def items(name):
    path = SHARED / "rollouts" / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}")
    return [json.loads(line) for line in path.read_text().splitlines()]


def bare(text):
    for font in ("\\dfrac", "\\tfrac", "\\cfrac"):
        text = text.replace(font, "\\frac")
    return re.sub("^[a-z]=", "", WRAPPING.sub("", text))


@pytest.mark.parametrize("name", ["gsm8k", "qwen_math100", "math_reference"])
def test_rollouts_agree_with_their_labels(name):
    rows = items(name)
    wrong = [
        row["id"]
        for row in rows
        if (check(row["completion"], row["reference"]["answer"]).score == 1.0)
        != row["meta"].get("labelled_correct", True)
    ]
    assert len(wrong) <= 0.001 * len(rows), wrong


@pytest.mark.parametrize("name", ["gsm8k", "qwen_math100", "math_reference"])
@pytest.mark.parametrize("shift", [8, 56, 808])
def test_the_reference_of_another_problem_is_accepted_only_where_it_is_the_same_answer(name, shift):
    rows = items(name)
    for i, row in enumerate(rows):
        other = rows[(i + shift) % len(rows)]
        if other["group"] == row["group"]:
            continue
        verdict = check(row["completion"], other["reference"]["answer"])
        if verdict.score == 1.0:
            assert verdict.extracted is not None
            pair = (verdict.extracted.text, other["reference"]["answer"])
            assert bare(pair[0]) == bare(pair[1]) or pair in SAME_NUMBER, (row["id"], pair)
