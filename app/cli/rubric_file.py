"""The rubric that a command is given: a name, or a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.cli.console import fail
from app.rubric import BadRubric, load_file
from app.rubric.library import SUFFIXES


def load_rubric(name: str) -> str | Mapping[str, Any]:
    """A name stays a name; a file is read."""
    path = Path(name)
    if path.suffix not in SUFFIXES:
        return name
    try:
        return load_file(path).model_dump(mode="json")
    except (OSError, BadRubric) as error:
        fail(f"{path}: {error}", 2)
