import pytest

from app.rewards.base import Sample
from app.rewards.language import LanguageParams, language
from app.status import Status

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
