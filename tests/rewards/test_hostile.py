"""Every reward survives every text: a component in range, and work linear in the length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rewards import registry
from app.rewards.base import CPU_LANE, Sample

PER_SAMPLE = [name for name in registry.names() if registry.get(name).lane("none") == CPU_LANE]
"""What runs programs is tried on hostile ones in tests/sandbox."""
UNITS = (
    *("\\[", "\\(", "$", "$$", "```", "`", "\\boxed{", "{", "}", "\\a{", "\\frac{1}{"),
    *("<think>", "</think>", "<answer>", "<", "**", "A:", "answer is ", "#### ", "http://"),
    *("a ", "然", "1,", "9", "- ", "-", "=", "\n", "\x00", "\u202e"),
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


REFERENCES = (
    {"kind": "choice", "answer": "A", "options": ["one", "two"]},
    {"kind": "text", "answer": "one two", "policy": {"mode": "rouge_l"}},
    {"kind": "text", "answer": "one two", "policy": {"mode": "numeric"}},
    {"kind": "text", "answer": "one two", "policy": {"mode": "f1"}},
    {"kind": "json", "answer": {"a": [1]}},
    {"kind": "list", "answer": "1, 2"},
    {"kind": "set", "answer": ["1", "2"]},
)
_ACCURACY = registry.get("accuracy")


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda r: f"{r['kind']}-{r.get('policy')}")
@given(text=st.one_of(PIECES, st.text()))
def test_any_text_is_judged_by_every_checker(reference: dict, text: str):
    component = _ACCURACY.score(Sample(text, "", reference), _ACCURACY.params())
    assert component.score is None or 0.0 <= component.score <= 1.0
    start, end = component.evidence.get("span", (0, 0))
    assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize("unit", [*UNITS, "[", '{"a":', "A, ", "not A ", "(", "A and "])
@pytest.mark.parametrize("reference", REFERENCES, ids=lambda r: f"{r['kind']}-{r.get('policy')}")
@pytest.mark.timeout(60)
def test_a_megabyte_of_anything_is_judged(reference: dict, unit: str):
    text = unit * ((1 << 20) // len(unit))
    component = _ACCURACY.score(Sample(text, "", reference), _ACCURACY.params())
    assert component.score is None or 0.0 <= component.score <= 1.0
