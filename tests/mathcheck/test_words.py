"""Options of multiple-choice questions and answers in words."""

import json

import pytest

from app.mathcheck import check, check_answer
from tests.mathcheck.generated import DATA

ROWS = [json.loads(line) for line in (DATA / "words.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("form", ["answer", "completion"])
def test_every_row_of_the_table_of_words_is_decided_as_it_says(form):
    decide = check if form == "completion" else check_answer
    rows = [row for row in ROWS if row["form"] == form]
    assert rows
    assert [r for r in rows if (decide(r["answer"], r["reference"]).score == 1.0) != r["equal"]] == []


@pytest.mark.parametrize("wrap", ["\\boxed{%s}", "<answer>%s</answer>", "The answer is %s.", "**%s**"])
def test_a_wrong_answer_in_words_stays_wrong_wherever_it_stands(wrap):
    rows = [row for row in ROWS if not row["equal"]]
    assert [r for r in rows if check(wrap % r["answer"], r["reference"]).score == 1.0] == []


@pytest.mark.parametrize("letter", "ABCDEFGH")
@pytest.mark.parametrize(
    "form", ["{}", "({})", "{}.", "\\text{{{}}}", "\\textbf{{({})}}", "The answer is {}.", "Option {}"]
)
def test_only_the_letter_of_the_reference_is_right_in_every_form(letter, form):
    for other in "ABCDEFGH":
        assert (check(f"So \\boxed{{{form.format(other)}}}", letter).score == 1.0) == (other == letter)
