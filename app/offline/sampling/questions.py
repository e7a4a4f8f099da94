"""Questions with their references, from a file of any known layout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.offline import formats
from app.offline.extras import InputError
from app.offline.layout import BadLayout, Layout, Question, find, guess


def read_questions(inputs: list[str], layout: str, overrides: list[str], limit: int | None = None) -> list[Question]:
    """All questions, once each by prompt. Raises InputError, BadLayout."""
    how = find(layout, overrides)
    found: dict[str, Question] = {}
    for file in formats.expand(inputs):
        for row in formats.rows(file):
            if row.data is None:
                raise InputError(f"{file}:{row.number}: {row.problem}")
            how = how or _guess(row.data, file)
            question = how.question(row.data, str(file), row.number)
            found.setdefault(question.prompt, question)
            if limit is not None and len(found) >= limit:
                return list(found.values())
    if not found:
        raise InputError(f"{', '.join(inputs)}: no questions")
    return list(found.values())


def _guess(row: Mapping[str, Any], file: Path) -> Layout:
    try:
        return guess(row, questions=True)
    except BadLayout as error:
        raise BadLayout(f"{file}: {error}") from None
