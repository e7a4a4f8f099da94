"""A short run of benchmarks/math_fuzz.py, the same each time: nothing is raised but verdicts are returned."""

import random

import pytest

from benchmarks.math_fuzz import REFERENCES, SEEDS, attack, grown

CASES = 400


@pytest.mark.parametrize("seed", range(4))
def test_grown_texts_are_judged_without_an_exception(seed):
    r = random.Random(seed)
    for _ in range(CASES):
        attack(grown(r), r.choice(REFERENCES))


@pytest.mark.parametrize("reference", ["42", "x+1", "(1,2)", "B"])
def test_every_seed_is_judged_without_an_exception(reference):
    for text in SEEDS:
        attack(text, reference)
