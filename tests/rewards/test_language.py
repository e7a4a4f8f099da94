from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rewards.base import Sample
from app.rewards.language import LanguageParams, language
from app.rewards.prose import Prose
from app.status import Status
from tests.conftest import read_jsonl
from tests.rewards.language_set import RATIOS, SENTENCES, Row, rows

ROWS = rows()
EN = "First we count the apples in the basket, and then we add the ones that fell on the floor. "
ZH = "首先我们数一下篮子里的苹果，然后再加上掉在地上的那些苹果。"
ES = "Primero contamos las manzanas de la cesta y después sumamos las que cayeron al suelo. "


def score(thought: str, target: str | None = "en", prompt: str = "") -> float | None:
    sample = Sample(f"<think>{thought}</think><answer>1</answer>", prompt, language=target)
    return language.score(sample, LanguageParams()).score


@pytest.mark.parametrize(("text", "code"), [(EN, "en"), (ZH, "zh"), (ES, "es")])
def test_a_pure_text_is_wholly_in_its_language(text: str, code: str):
    assert score(text * 3, code) == 1.0
    assert score(text * 3, "fr") == 0.0


def test_a_foreign_sentence_shows_in_proportion():
    mixed = score(EN * 4 + ZH + EN * 4)
    assert mixed is not None
    assert 0.7 < mixed < 0.95
    spanish = score(EN * 4 + ES + EN * 4)
    assert spanish is not None
    assert 0.8 < spanish < 0.95


def test_formulas_code_and_numbers_are_no_language():
    noise = "$\\frac{1}{2} = x$ `for i in range(3)` 12,345 \\(y^2\\) https://example.org/über/straße "
    assert score(EN + noise + EN) == 1.0


def test_the_target_is_the_prompts_language_where_none_is_given():
    assert score(EN, None, "How many apples are in the basket on the table?") == 1.0
    assert score(EN, None, "篮子里一共有多少个苹果？") == 0.0


def test_without_a_target_it_abstains():
    component = language.score(Sample(EN), LanguageParams())
    assert (component.score, component.status) == (None, Status.BAD_REFERENCE)


def test_no_words_earn_nothing():
    assert score("1 + 1 = 2") == 0.0


def test_a_completion_without_a_thought_is_looked_at_whole():
    assert language.score(Sample(EN, language="en"), LanguageParams()).score == 1.0


def judged(row: Row, target: str) -> float:
    score = language.score(Sample(row.text, language=target), LanguageParams()).score
    assert score is not None
    return score


def test_the_labelled_set_is_large():
    assert len(ROWS) >= 2000


def test_a_text_is_told_from_other_targets():
    """At least 98 % of sentences and thoughts are in their own language, and in none of three others."""
    pure = [row for row in ROWS if row.kind != "mixture"]
    right = sum(
        judged(row, row.target) >= 0.9 and all(judged(row, t) < 0.2 for t in ("en", "zh", "es") if t != row.target)
        for row in pure
    )
    assert right / len(pure) >= 0.98


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_mixtures_share_is_measured_to_five_points(ratio: float):
    rows = [row for row in ROWS if row.kind == "mixture" and abs(1 - row.share - ratio) < 0.13]
    errors = sorted(abs(judged(row, row.target) - row.share) for row in rows)
    assert sum(errors) / len(errors) <= 0.01
    assert errors[int(len(errors) * 0.98)] <= 0.05


def test_plain_english_rollouts_are_english(shared: Path):
    rows = read_jsonl(shared / "rollouts" / "gsm8k.jsonl")
    low = [r["id"] for r in rows if judged(Row("", "en", r["completion"], None, 1.0), "en") < 1.0]
    assert len(low) <= len(rows) * 0.002


@pytest.mark.parametrize("foreign", [c for c in SENTENCES if c != "en"])
def test_one_foreign_sentence_in_an_english_thought_shows_with_its_span(foreign: str):
    sentence = SENTENCES[foreign][0]
    text = " ".join(SENTENCES["en"][4:8]) + " " + sentence + " " + " ".join(SENTENCES["en"][2:4])
    component = language.score(Sample(text, language="en"), LanguageParams())
    assert component.score is not None
    assert 0.5 < component.score < 0.95
    spans = component.evidence["spans"]
    assert {s["language"] for s in spans} == {foreign}
    start, end = spans[0]["span"][0], spans[-1]["span"][1]
    assert sentence[4:-4] in text[start:end]


def test_the_shortest_prompts_have_a_language():
    completion = "<think>First 44 + 41 = 85. Then 85+25=110.</think><answer>110</answer>"
    assert language.score(Sample(completion, "What's 44 + 41 + 25?"), LanguageParams()).score == 1.0
    assert language.score(Sample(completion, "¿Cuánto es 44 + 41?"), LanguageParams()).evidence["target"] == "es"


def test_a_name_inside_chinese_is_no_english():
    assert score("设 Natalia 有 3 个苹果，Josh 有 5 个苹果，所以一共有 8 个苹果。", "zh") == 1.0


@given(st.text("ab $`\\(){}<>/:h.t\np漢é", max_size=60))
def test_prose_says_where_its_characters_come_from(text: str) -> None:
    prose = Prose(text)
    places = [prose.place(at) for at in range(len(prose.text))]
    assert places == sorted(set(places))
    assert all(prose.text[at] in (" ", text[place]) for at, place in enumerate(places))
