"""Answers that compete in equally strong places are none; one that corrects another is."""

import pytest

from app.mathcheck import check

FRAMES = [
    "#### {}", "Answer: {}", "A: {}", "The answer is {}.", "**{}**", "${}$", "{}", "x = {}", "Sum: {}",
    "He has {} apples.",
    "Final answer: {}", "- {}", "\\boxed{{{}}}", "<answer>{}</answer>", "答案是 {}",
]  # fmt: skip
BARE = ["I got {}, {}", "Results: {}; {}.", "Found by the program:\n1. {}\n2. {}", "It's {}; {}"]
OBJECTS = [
    '{{"answer": 42, "alternative": {}}}',
    '{{"alternatives": [{}], "answer": 42}}',
    "{{'answer': '42', 'other_answer': '{}'}}",
    '{{"answer": "42", "second_best": "{}"}}',
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("value", ["42", "-3.5", "\\frac{1}{2}", "7/3"])
@pytest.mark.parametrize("space", ["\n", "\n\n"])
def test_two_values_in_the_same_frame_are_no_answer_but_one_said_twice_and_a_corrected_one_are(frame, value, space):
    lines = [frame.format(v) for v in ("41", value)]
    assert check(f"We compute.\n\n{space.join(lines)}", value).score == 0.0
    if frame not in ("${}$", "**{}**", "{}", "- {}", "x = {}", "Sum: {}", "He has {} apples."):
        assert check(f"We compute.\n\n{lines[1]}{space}{lines[1]}", value).score == 1.0
    if "<answer>" not in frame:
        corrected = f"We compute.\n\n{lines[0]}\n\nWait, that is wrong: one was forgotten.\n\n{lines[1]}"
        assert check(corrected, value).score == check(f"We compute.\n\n{lines[1]}", value).score


@pytest.mark.parametrize("form", BARE)
def test_two_bare_values_side_by_side_are_no_answer(form):
    assert check(form.format(41, 42), "42").score == 0.0


@pytest.mark.parametrize("form", OBJECTS)
def test_an_object_with_another_answer_is_no_answer(form):
    assert check(form.format(41), "42").score == 0.0


@pytest.mark.parametrize(
    "text",
    [
        '{"answer": 42, "alternatives": []}',
        '{"answer": 42, "alternative": null}',
        '{"reasoning": "3+4", "answer": 42, "confidence": 0.9}',
        "First 40 + 2.\n= 84\n= 42",
        "Day 1: 41\nDay 2: 42",
        "40 + 1 = 41\n41 + 1 = 42",
        "#### Step 1\nWe add.\n#### 42",
        "#### 42\n#### 42",
        "41\nThat was the wrong number.\n42",
    ],
)
def test_what_only_looks_like_two_answers_is_one(text):
    assert check(text, "42").score == 1.0
