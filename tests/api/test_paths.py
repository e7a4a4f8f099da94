"""Validation errors name fields as a person would write them."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.api.errors import field_path, invalid
from app.schemas import ScoreRequest

GOOD: dict[str, Any] = {"completion": "x"}


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"completion": 1}, "items[0].completion"),
        ({"completion": []}, "items[0].completion"),
        ({"completion": [{"content": "x"}]}, "items[0].completion[0].role"),
        ({**GOOD, "reference": {"kind": "math"}}, "items[0].reference.answer"),
        ({**GOOD, "reference": {"kind": "math", "answer": 3}}, "items[0].reference.answer"),
        ({**GOOD, "reference": {"kind": "text", "answer": ["a", 3]}}, "items[0].reference.answer[1]"),
        ({**GOOD, "reference": {"kind": "choice", "answer": "A", "options": 3}}, "items[0].reference.options"),
        ({**GOOD, "reference": {}}, "items[0].reference.kind"),
        ({**GOOD, "reference": "110"}, "items[0].reference"),
        ({**GOOD, "meta": []}, "items[0].meta"),
    ],
)
def test_the_path_is_that_of_the_body(item: dict[str, Any], path: str):
    with pytest.raises(ValidationError) as caught:
        ScoreRequest.model_validate({"items": [item]})
    assert invalid(caught.value).errors[0]["path"] == path


def test_paths_of_nothing_and_of_lists():
    assert field_path(()) == "body"
    assert field_path(("a", 0, "b", 1, 2)) == "a[0].b[1][2]"


def test_a_flood_of_errors_is_cut():
    with pytest.raises(ValidationError) as caught:
        ScoreRequest.model_validate({"items": [{}] * 5000})
    problem = invalid(caught.value)
    assert len(problem.errors) == 20
    assert "4999 more" in problem.detail
