"""The linear-time rewards agree on any text with their sources' definitions, as slow patterns.

test_peers.py has the numbers that the sources themselves gave.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rewards import registry
from app.rewards.base import Sample

PIECES = st.lists(
    st.sampled_from(
        [
            "<think>\n",
            "\n</think>\n",
            "<answer>\n",
            "\n</answer>",
            "<think>",
            "</think>",
            "<answer>",
            "</answer>",
            "a",
            "\n",
            " ",
            "\\boxed{",
            "}",
            "x y x y x ",
        ]
    ),
    max_size=14,
).map("".join)
WHOLE = st.builds("<think>\n{}\n</think>\n<answer>\n{}\n</answer>{}".format, PIECES, PIECES, PIECES)
PATTERNS = {
    "format/open-r1": re.compile(
        r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$(?s:.*)", re.DOTALL | re.MULTILINE
    ),
    "format/trl-think": re.compile(r"^<think>(?!.*<think>)(.*?)</think>.*$", re.DOTALL),
    "format/r1-v": re.compile(r"<think>.*?</think>\s*<answer>.*?</answer>\Z", re.DOTALL),
    "format/tinyzero": re.compile(r"(?:(?s:.*)\n)?[^\n]*<answer>.*?</answer>[^\n]*\Z"),
}


@pytest.mark.parametrize("name", PATTERNS)
@given(text=PIECES | WHOLE)
def test_a_format_is_its_sources_pattern(name: str, text: str):
    reward = registry.get(name)
    assert reward.score(Sample(text), reward.params()).score == float(bool(PATTERNS[name].match(text)))


@given(text=st.text(alphabet="ab ", max_size=60), n=st.integers(1, 4))
def test_ngrams_are_counted_as_the_source_counts(text: str, n: int):
    reward = registry.get("repetition/ngram")
    words = text.lower().split()
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    expected = -(1 - len(set(grams)) / len(grams)) if grams else 0.0
    assert reward.score(Sample(text), reward.params(n=n)).score == pytest.approx(expected)
