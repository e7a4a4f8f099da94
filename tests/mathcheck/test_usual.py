# ruff: noqa: E501  (tables of contexts)
"""The short way to an answer gives what the long way gives, on texts made to be usual, unusual and hostile."""

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from app.mathcheck import check, extract
from app.mathcheck.extract import extract_in_full
from app.mathcheck.usual import usual_answer
from tests.mathcheck.generated import hostile, stated

BOXES = [
    "<answer>42</answer>",
    "<answer> not 42 </answer>",
    "<answer>$\\boxed{42}$</answer>",
    "<answer>\n\\boxed{\\frac{3}{4}}\n</answer>",
    "<answer>$\\boxed{ 42 }</answer>",
    "\\boxed{42}",
    "\\boxed{ -7.5 }",
    "\\boxed{\\frac{3}{4}}",
    "\\boxed{1,000}",
    "\\boxed{}",
    "\\boxed{x=2}",
    "\\boxed{４２}",
]
BEFORE = [
    "", "The answer is ", "the answer is $", "So\n\\[ ", "So\n\\[\n", "**", "x^", "2*", "-", "= -", "3", "\\sqrt ", "\\frac{", "not ",
    "The answer is not $", "about $", "at least ", "if n is even, it is ", "\\phantom{", "{\\color{white} ", "\\textcolor{white}{", "<s>",
    "<span hidden>", "<!-- ", "% ", "}$% ", "~~", "Option A) 5\n", "\\boxed{41} ", "\\boxed{41}, ", "\\boxed{41}$ or $", "\\boxed{41}$.\n",
    "\\fbox{41} and ", "\\boxed{41\n", "\\boxed{41 ", "\\boxed{", "The box is ", "maybe\nThe answer is: ", "maybe\n\\[ ", "perhaps.\n\n",
    "<think>5", "</think>", "<think>\\boxed{41}</think>", "a </think> b", "<answer>41</answer>", "<verifier_answer>", "            ", "A.\n",
    "5%\n", "100% ", "\n> ", "- ", "Not $x<3$. ", "Final answer: ", "The final answer is minus ", "half of ", "wait, no.\n", "≠ ", "不是 ",
]  # fmt: skip
AFTER = [
    " dollars.",
    "$, as claimed.\n\nThis is what we expected.",
    " if n is even",
    "%.",
    "\\text{ cm}",
    " and 7",
    "x",
    " ~~a~~",
    "</answer>\n",
    "",
    "$",
    "$.",
    "\\)",
    "\\]\n",
    "**",
    "}",
    ".",
    "\n\n",
    " or 43",
    "?",
    "%",
    "^2",
    " is wrong",
    "\nFinal answer: 41",
    "\\boxed{41}",
    "</answer>",
]


def agree(text):
    """Whether the short way is silent or says what the long way says."""
    short = usual_answer(text)
    return short is None or short == extract_in_full(text)


def test_every_pair_of_contexts_around_every_box_is_read_the_same_in_both_ways():
    contexts = itertools.product([*BEFORE, *map("".join, itertools.product(BEFORE, BEFORE))], BOXES, AFTER)
    assert [t for t in map("".join, contexts) if not agree(t)] == []


@given(st.lists(st.sampled_from([*BEFORE, *BOXES, *AFTER]), max_size=8).map("".join))
def test_any_mixture_of_them_is_read_the_same_in_both_ways(text):
    assert agree(text), text


def test_made_completions_are_read_the_same_in_both_ways():
    assert [case for case in (*stated(rounds=1), *hostile(rounds=1)) if not agree(case.completion)] == []


def test_usual_completions_take_the_short_way():
    rng = random.Random(8)
    for lead, (opening, closing) in itertools.product(
        (
            "Therefore, the answer is ",
            "So the final answer is: ",
            "**Final Answer**\n",
            "Thus we get\n\n",
            "</think>\n\nAnswer: ",
        ),
        (("$", "$"), ("\\(", "\\)."), ("\\[ ", " \\]\n"), ("", ""), ("$$", "$$"), ("\\[\n", "\n\\]")),
    ):
        value = rng.choice(["42", "-7.5", "\\frac{3}{4}"])
        text = f"First, 6 < 7 and 5% of $x$ is \\boxed{{3}} in the middle.\nWe think.\n{lead}{opening}\\boxed{{{value}}}{closing}"
        found = usual_answer(text)
        assert found is not None and found.text == value, text
        assert extract(text) == found == check(text, value).extracted
        assert text[found.start : found.end] == value
