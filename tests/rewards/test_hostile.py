"""Every reward survives every text: a component in range, and work linear in the length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rewards import registry
from app.rewards.base import Sample

PER_SAMPLE = registry.names()
UNITS = (
    *("\\[", "\\(", "$", "$$", "```", "`", "\\boxed{", "{", "}", "\\a{", "\\frac{1}{"),
    *("<think>", "</think>", "<answer>", "<", "**", "A:", "answer is ", "#### ", "http://"),
    *("a ", "然", "1,", "9", "- ", "\n", "\x00", "\u202e"),
)
PIECES = st.lists(st.sampled_from([*UNITS, " ", "x", "</answer>", "12"]), max_size=60).map("".join)


@pytest.mark.parametrize("name", PER_SAMPLE)
@given(text=st.one_of(PIECES, st.text()))
def test_any_text_gets_a_component_in_range(name: str, text: str):
    reward = registry.get(name)
    sample = Sample(text, "What is it?", {"kind": "math", "answer": "12"})
    component = reward.score(sample, reward.params())
    assert component.score is None or reward.bounds[0] <= component.score <= reward.bounds[1]
    assert component == reward.score(Sample(text, "What is it?", {"kind": "math", "answer": "12"}), reward.params())


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", PER_SAMPLE)
@pytest.mark.timeout(60)
def test_a_megabyte_of_anything_ends(name: str, unit: str):
    """Quadratic work on a megabyte takes minutes, linear work well under a second."""
    reward = registry.get(name)
    sample = Sample(unit * ((1 << 20) // len(unit)), "What is it?", {"kind": "math", "answer": "12"})
    component = reward.score(sample, reward.params())
    assert component.score is None or reward.bounds[0] <= component.score <= reward.bounds[1]
