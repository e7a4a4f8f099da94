"""The language reward on a labelled set that nothing was fitted to, and on hostile mixtures."""

import importlib.util

import pytest

from app.rewards.base import Sample
from app.rewards.language import LanguageParams, language
from app.status import Status
from tests.rewards.held_out_set import FRAMES, RATIOS, rows, sentences

ROWS = rows()
OTHERS = ("en", "zh", "es")
THOUGHT = "We look at the left side first and simplify it. After that the right side is easy. "


def judged(text: str, target: str) -> float:
    score = language.score(Sample(text, language=target), LanguageParams()).score
    assert score is not None
    return score


def test_the_set_is_large_and_varied():
    assert len(ROWS) >= 2000
    assert all(len(set(sentences(code))) >= 40 for code in FRAMES)


def test_a_text_is_told_from_other_targets():
    """At least 98 % are in their own language, and in none of three others."""
    pure = [row for row in ROWS if row.kind != "mixture"]
    right = sum(
        judged(row.text, row.target) >= 0.9 and all(judged(row.text, t) < 0.2 for t in OTHERS if t != row.target)
        for row in pure
    )
    assert right / len(pure) >= 0.98


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_mixtures_share_is_measured_to_five_points(ratio: float):
    mixtures = [row for row in ROWS if row.kind == "mixture"]
    mine = [row for row in mixtures if min(RATIOS, key=lambda r: abs(1 - row.share - r)) == ratio]
    assert len(mine) > 100
    assert max(abs(judged(row.text, row.target) - row.share) for row in mine) <= 0.05


@pytest.mark.parametrize("foreign", [code for code in FRAMES if code != "en"])
def test_one_foreign_sentence_shows_with_its_span(foreign: str):
    for number in range(0, 48, 6):
        sentence = sentences(foreign)[number].format(name="Olena", n=7)
        text = THOUGHT * 3 + sentence + " " + THOUGHT * 3
        component = language.score(Sample(text, language="en"), LanguageParams())
        assert component.score is not None
        assert component.score < 1.0, sentence
        spans = component.evidence["spans"]
        assert all(0 <= s["span"][0] < s["span"][1] <= len(text) for s in spans)
        middle = len(THOUGHT) * 3 + len(sentence) // 2
        assert any(s["span"][0] <= middle < s["span"][1] and s["language"] == foreign for s in spans), spans


@pytest.mark.parametrize(
    "noise",
    [
        "31415926535897932384626433832795 " * 20,
        "🎉🎉🎉 " * 30,
        "f(x) = ax^2 + bx + c, where a, b, c, d, x, y, z. ",
        "| 1 | 2 |\n|---|---|\n| 3 | 4 |\n",
        "“7” — ‘8’… «9» ¿10? ",
        "\u200d\u200b\ufeff",
        "x × y ÷ z ≤ 10 → 5 ∈ S ",
    ],
)
@pytest.mark.parametrize("target", ["en", "zh", "ja", "ru", "hi", "tr"])
def test_numbers_emoji_and_signs_are_no_language(target: str, noise: str):
    text = " ".join(one.format(name="Olena", n=7) for one in sentences(target)[:6])
    assert judged(noise + text + noise, target) == pytest.approx(1.0, abs=0.02)


def test_a_romanised_thought_is_not_in_the_prompts_language():
    text = "Shouxian women shu yi xia lanzi li de pingguo, ranhou zai jia shang diao zai dishang de naxie pingguo. " * 3
    assert judged(text, "zh") < 0.2
    assert judged(text, "en") < 0.5


@pytest.mark.parametrize("text", ["\ud800 abc", "İİİ ĞĞ. " * 50, "然" * 5000, "a b c d " * 900, "Ünï cödé " * 99])
def test_odd_texts_have_a_score_and_spans_inside(text: str):
    for target in FRAMES:
        component = language.score(Sample(text, language=target), LanguageParams())
        assert component.score is not None
        assert 0.0 <= component.score <= 1.0
        assert all(0 <= s["span"][0] < s["span"][1] <= len(text) for s in component.evidence.get("spans", ()))


def test_langdetect_is_a_backend_where_it_is_installed():
    params = LanguageParams(backend="langdetect")
    component = language.score(Sample(THOUGHT * 3, language="en"), params)
    if importlib.util.find_spec("langdetect") is None:
        assert (component.score, component.status) == (None, Status.ERROR)
        return
    assert component.score is not None
    assert component.score > 0.99
    assert component == language.score(Sample(THOUGHT * 3, language="en"), params)
    assert language.score(Sample("1 + 1", language="en"), params).score == 0.0
