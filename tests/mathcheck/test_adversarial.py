"""Completions that are made together with their truth: see generated.py and the tables in adversarial/."""

# ruff: noqa: E501  (the list of triggers)

import random
import re._parser as parser

import pytest

from app.mathcheck import Extraction, after, check, extract, voice
from app.mathcheck.phrases import AFTER_MARKS, BEFORE_MARKS, rough_words
from tests.mathcheck.generated import DATA, hostile, stated

MAX_FALSE_REJECTS = 0.02


def test_an_answer_that_is_stated_plainly_is_found_and_a_wrong_one_in_the_same_words_is_not_accepted():
    cases = list(stated(rounds=2))
    accepted = [(case, check(case.completion, case.reference).score == 1.0) for case in cases]
    assert [case for case, right in accepted if right and not case.right] == []
    rejected = [case for case, right in accepted if case.right and not right]
    assert len(rejected) <= MAX_FALSE_REJECTS * len(cases), rejected[:5]


def test_no_text_that_does_not_state_the_reference_as_its_answer_is_accepted():
    assert [case for case in hostile(rounds=1) if check(case.completion, case.reference).score == 1.0] == []


def sentences(kind):
    rows = (line.split(" ", 2) for line in (DATA / "boxed.txt").read_text().splitlines() if not line.startswith("#"))
    return [text.replace("{a}", "42") for said, _, text in rows if said == kind]


LEADS = ["", "We go step by step. First, 6 + 7 = 13.\n\n", "So $x = 13$.\nThus it is done.\n"]


@pytest.mark.parametrize("lead", LEADS)
def test_a_box_that_is_not_its_writers_own_assertion_is_no_answer(lead):
    disowned = sentences("disowned")
    assert len(disowned) > 300
    assert [text for text in disowned if check(lead + text, "42").score == 1.0] == []


@pytest.mark.parametrize("lead", LEADS)
def test_a_box_that_ends_an_innocent_sentence_is_the_answer(lead):
    stated_ones = sentences("stated")
    assert len(stated_ones) > 300
    rejected = [text for text in stated_ones if check(lead + text, "42").score != 1.0]
    assert len(rejected) <= MAX_FALSE_REJECTS * len(stated_ones), rejected
    assert [text for text in stated_ones if check(lead + text, "43").score == 1.0] == []


def drawn(pattern, rng):
    """A text that a pattern matches: every alternative and every number of repetitions up to one is as likely."""
    return "".join(_drawn(item, rng) for item in parser.parse(pattern))


def _drawn(item, rng):
    op, value = item
    name = str(op)
    if name == "LITERAL":
        return chr(value)
    if name in ("NOT_LITERAL", "ANY"):
        return "q"
    if name == "IN":
        return _of_class(rng.choice(value), rng)
    if name == "BRANCH":
        return "".join(_drawn(i, rng) for i in rng.choice(value[1]))
    if name == "SUBPATTERN":
        return "".join(_drawn(i, rng) for i in value[-1])
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        low, _, inner = value
        return "".join("".join(_drawn(i, rng) for i in inner) for _ in range(max(low, rng.randint(low, low + 1))))
    return ""  # anchors and what looks around


def _of_class(member, rng):
    op, value = member
    name = str(op)
    if name == "LITERAL":
        return chr(value)
    if name == "RANGE":
        return chr(rng.randint(*value))
    return {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "7"}.get(str(value), "q")


AFTER_PATTERNS = [after._DENIED, after._RETRACTED, after._TAKEN_BACK, *(p for p, _ in after._CONTINUED)]


@pytest.mark.parametrize("pattern", AFTER_PATTERNS, ids=lambda p: p.pattern[:24])
def test_the_quick_look_sees_whatever_the_rules_for_words_after_a_value_match(pattern):
    rng = random.Random(7)
    texts = [drawn(pattern.pattern, rng) for _ in range(4_000)]
    assert [t for t in texts if pattern.search(t) and not after.is_marked(t)] == []


@pytest.mark.parametrize("shape", [*voice.BEFORE, *voice.AFTER, *voice.NEXT], ids=lambda s: s.pattern.pattern[-30:])
def test_the_quick_look_sees_whatever_a_shape_of_a_sentence_matches(shape):
    rng = random.Random(7)
    texts = [drawn(shape.pattern.pattern, rng) for _ in range(300)]
    assert [t for t in texts if shape.pattern.search(t) and shape.marks.isdisjoint(rough_words(t))] == []


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


@pytest.mark.parametrize("gap", [" ", " \n", "\t", " $"], ids=ascii)
def test_a_row_of_spaces_beside_a_value_is_read_as_one(gap):
    """Patterns with several optional spaces in a row would try it in all ways: a hundred of them for each value."""
    text = "".join(f"12:{k}{gap * 70}PM or {gap * 70}maybe\n\n" for k in range(10, 60)) * 20
    assert check(text, "42").score == 0.0


@pytest.mark.parametrize("word", ["answer", "(A)", "A,", "答案", "故选", r"\\textcolor", r"\\color", "5 kg", "at 3:00"])
def test_a_row_of_spaces_behind_a_word_that_leads_to_more_is_read_as_one(word):
    text = "".join(f"{word}{gap * 900}x " for gap in (" ", "\n", "*", "$"))
    for part in (text, text * 100, f"{word}{' ' * 1990}", f"{word}{chr(10) * 500_000}x"):
        assert check(part, "B").score in (0.0, 1.0)


@pytest.mark.parametrize("word", sorted({*BEFORE_MARKS, *AFTER_MARKS}))
def test_a_flood_of_words_that_qualify_is_read_without_error(word):
    assert check(f"{word} " * 20_000 + "42", "42").score in (0.0, 1.0)
