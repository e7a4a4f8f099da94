"""Which rubric and which kind of reference a data set has: a table, looked up by the name of the data's source.

A table is a mapping of patterns (as of file names: `*`, `?`) to `{"rubric": …, "kind": …}`; the first that fits holds,
the user's own before these. A value that leaves out one of the two takes it from the next that fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple, cast

Table = Mapping[str, Mapping[str, str]]
DEFAULT_RUBRIC = "r1-zero"
"""Accuracy and format: what needs no prompt, which verl and others do not pass on."""
DEFAULT_KIND = "math"
KNOWN: Table = {
    "openai/gsm8k": {"kind": "math"},
    "lighteval/MATH": {"kind": "math"},
    "*/MATH-lighteval": {"kind": "math"},
    "HuggingFaceH4/*MATH*": {"kind": "math"},
    "math_dapo*": {"kind": "math", "rubric": "dapo"},
    "aime*": {"kind": "math"},
    "numina_*": {"kind": "math"},
    "hiyouga/geometry3k": {"kind": "math"},
    "codecontests": {"kind": "code", "rubric": "code"},
    "apps": {"kind": "code", "rubric": "code"},
    "codeforces": {"kind": "code", "rubric": "code"},
    "taco": {"kind": "code", "rubric": "code"},
    "livecodebench*": {"kind": "code", "rubric": "code"},
    "searchR1_*": {"kind": "text"},
    "gpqa*": {"kind": "choice", "rubric": "choice"},
    "mmlu*": {"kind": "choice", "rubric": "choice"},
}
"""Sources that verl's recipes name, and their kin."""
REFERENCE_COLUMNS = (
    "reference",
    "solution",
    "answer",
    "ground_truth",
    "label",
    "expected_answer",
    "target",
    "final_answer",
)
"""Where data sets keep what a completion is compared with; the first that is there."""
_MAX_JSON = 64 << 20


class Source(NamedTuple):
    """How the completions of one data set are scored."""

    rubric: str
    kind: str


class Sources:
    """A table to look sources up in. Raises ValueError where it is no table of that form."""

    def __init__(self, table: Table | None = None) -> None:
        self._own = tuple((pattern, _row(pattern, row)) for pattern, row in (table or {}).items())
        self._find = lru_cache(maxsize=1024)(self._look_up)

    def __reduce__(self) -> tuple[type[Sources], tuple[Table]]:
        return Sources, (dict(self._own),)

    def find(self, name: str | None) -> Source:
        """How this source's data are scored; the defaults where no pattern fits."""
        return self._find(name or "")

    def _look_up(self, name: str) -> Source:
        rubric: str | None = None
        kind: str | None = None
        for pattern, row in (*self._own, *KNOWN.items()):
            if fnmatchcase(name, pattern):
                rubric = rubric or row.get("rubric")
                kind = kind or row.get("kind")
        return Source(rubric or DEFAULT_RUBRIC, kind or DEFAULT_KIND)


def _row(pattern: str, row: Any) -> Mapping[str, str]:
    fields = cast("Mapping[str, Any]", row) if isinstance(row, Mapping) else {"": row}
    if not set(fields) <= {"rubric", "kind"} or not all(isinstance(value, str) for value in fields.values()):
        raise ValueError(f'{pattern}: a rubric and a kind expected, as {{"rubric": "r1", "kind": "math"}}')
    return fields


def reference_of(value: Any, kind: str = DEFAULT_KIND) -> dict[str, Any]:
    """A reference from what a data set has: a reference already, as a mapping or its JSON text, or a bare answer.

    Nothing to compare with gives kind `none`, and accuracy then abstains: it is the data's fault, not the model's.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str) and value.lstrip().startswith("{") and len(value) <= _MAX_JSON:
        value = _parsed(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        if isinstance(fields.get("kind"), str):
            return dict(fields)
        if "ground_truth" in fields:
            return reference_of(fields["ground_truth"], kind)
    if value is None or value == "" or kind == "none":
        return {"kind": "none"}
    if kind == "code":
        return _tests(value)
    if kind == "text" and isinstance(value, Mapping):  # Search-R1: {"target": [answers]}
        value = cast("Mapping[str, Any]", value).get("target", value)
    if kind in ("text", "choice") and isinstance(value, (list, tuple)):
        return {"kind": kind, "answer": [str(one) for one in cast("Sequence[Any]", value)]}
    if isinstance(value, (Mapping, list, tuple)):
        return {"kind": kind, "answer": json.dumps(value, default=str)}
    return {"kind": kind, "answer": str(value)}


def _tests(value: Any) -> dict[str, Any]:
    """Tests of a program, in the shapes that the service knows; one that names its fields is taken by them."""
    if isinstance(value, Mapping):
        fields = dict(cast("Mapping[str, Any]", value))
        if "tests" in fields:
            return {"kind": "code", **fields}
    return {"kind": "code", "tests": value}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def reference_column(columns: Mapping[str, Any], named: str | None) -> Sequence[Any] | None:
    """The column that has the references: the one named, else the first known. Raises KeyError."""
    if named is not None:
        if named not in columns:
            raise KeyError(f"no column {named!r}; there are: {', '.join(sorted(columns))}")
        return columns[named]
    return next((columns[name] for name in REFERENCE_COLUMNS if columns.get(name) is not None), None)
