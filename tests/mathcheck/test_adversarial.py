"""Completions that are made together with their truth: see generated.py and the tables in adversarial/."""

# ruff: noqa: E501  (the list of triggers)

import pytest

from app.mathcheck import Extraction, check, extract
from app.mathcheck.phrases import AFTER_MARKS, BEFORE_MARKS
from tests.mathcheck.generated import hostile, stated

MAX_FALSE_REJECTS = 0.02


def test_an_answer_that_is_stated_plainly_is_found_and_a_wrong_one_in_the_same_words_is_not_accepted():
    cases = list(stated(rounds=2))
    accepted = [(case, check(case.completion, case.reference).score == 1.0) for case in cases]
    assert [case for case, right in accepted if right and not case.right] == []
    rejected = [case for case, right in accepted if case.right and not right]
    assert len(rejected) <= MAX_FALSE_REJECTS * len(cases), rejected[:5]


def test_no_text_that_does_not_state_the_reference_as_its_answer_is_accepted():
    assert [case for case in hostile(rounds=1) if check(case.completion, case.reference).score == 1.0] == []


def test_the_span_holds_what_was_found():
    for case in stated(rounds=1):
        found = extract(case.completion)
        assert isinstance(found, Extraction), case
        assert found.reason
        held = case.completion[found.start : found.end]
        digits = "".join(c for c in held if c.isdigit())
        assert "".join(c for c in found.text if c.isdigit()) in digits, (case, found)


TRIGGERS = [
    "\\boxed{", "\\boxed{1}", "\\fbox{", "$", "$$", "\\(", "\\[", "**", "~~", "~~1~~", "<answer>", "</answer>", "<answer>1</answer>",
    "<verifier_answer>", "<think>", "</think>", "<think></think>", "<!--", "<!-- -->", "<s>", "<del>1</del>", "<span hidden>", "%", "% ", "\n%",
    "the answer is ", "answer: ", "a: ", "\na:", "答案是", "故选", "#### ", "####", "\\phantom{", "\\phantom{1}", "\\color{white}", "{\\color{white}",
    "\\cancel{1}", "{", "}", "\\", "1", "1,", "1 ", "1/", "-", "(", "[", "A) ", "(A) ", "\"answer\": ", "result ", "final answer ", "\u0338", "x\u0338", "½",
]  # fmt: skip


@pytest.mark.parametrize("trigger", TRIGGERS, ids=ascii)
@pytest.mark.parametrize("end", ["", "\nThe answer is \\boxed{42}"], ids=["bare", "then a box"])
def test_a_flood_of_one_trigger_is_read_without_error(trigger, end):
    """A hundred thousand of them, in a megabyte at most; super-linear work would outlast the test run's limit."""
    text = trigger * min(100_000, 1_000_000 // len(trigger)) + end
    assert check(text, "42").score in (0.0, 1.0)


@pytest.mark.parametrize("word", sorted({*BEFORE_MARKS, *AFTER_MARKS}))
def test_a_flood_of_words_that_qualify_is_read_without_error(word):
    assert check(f"{word} " * 20_000 + "42", "42").score in (0.0, 1.0)
