"""A number that is said to be approximate is another statement than the number."""

import pytest

from app.mathcheck import check_answer

WORDS = (
    "about",
    "around",
    "approximately",
    "approx.",
    "roughly",
    "nearly",
    "almost",
    "at least",
    "more than",
    "Around",
)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("number", ["7", "3.14", "1/2", "$7$"])
def test_an_approximation_is_not_the_number(word: str, number: str):
    assert check_answer(f"{word} {number}", number).score != 1.0
    assert check_answer(number, f"{word} {number}").score != 1.0
