"""Layouts: what is read from rows of each kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.offline import layout
from app.offline.block import Row
from app.offline.layout import BadLayout, Layout
from app.offline.paths import MISSING, BadPath, last_boxed
from app.offline.paths import Path as RowPath
from app.offline.records import BadRow, Record
from tests.conftest import read_jsonl

CASES = read_jsonl(Path(__file__).parent / "cases" / "layouts.jsonl")


def records(how: Layout, row: dict[str, Any]) -> list[Record]:
    found = list(how.records([Row(1, row)], "file.jsonl", 0))
    assert all(isinstance(one, Record) for one in found), found
    return [one for one in found if isinstance(one, Record)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["layout"])
def test_known_layout_reads_its_rows_and_is_guessed(case: dict[str, Any]) -> None:
    found = records(layout.known()[case["layout"]], case["row"])
    assert len(found) == len(case["records"])
    for record, wanted in zip(found, case["records"], strict=True):
        have = {"id": record.id, "group": record.group, "previous": record.previous}
        have |= {name: getattr(record.item, name) for name in ("prompt", "completion", "reference", "meta")}
        assert {name: have[name] for name in wanted} == wanted
    guessed = records(layout.guess(case["row"]), case["row"])
    assert [r.item.completion for r in guessed] == [r.item.completion for r in found]
    assert [r.item.reference for r in guessed] == [r.item.reference for r in found]


def test_every_shipped_layout_has_a_case() -> None:
    assert {case["layout"] for case in CASES} == {n for n, one in layout.known().items() if one.has_completions}


@pytest.mark.parametrize(
    ("path", "row", "value"),
    [
        ("a.b", {"a": {"b": 1}}, 1),
        ("a[0]", {"a": [5, 6]}, 5),
        ("a[-1].b", {"a": [{"b": 1}, {"b": 2}]}, 2),
        ("a[2]", {"a": [1]}, MISSING),
        ("a.b", {"a": 3}, MISSING),
        ("=math", {}, "math"),
        ("a | after_hash", {"a": "x #### 7"}, "7"),
        ("a | json | first", {"a": "[4]"}, 4),
        ("a.b", {"a": '{"b": 9}'}, 9),
        ("a", {"a": None}, MISSING),
    ],
)
def test_path_finds(path: str, row: dict[str, Any], value: Any) -> None:
    assert RowPath(path).find(row) == value


@pytest.mark.parametrize("path", ["", "a[", "a[x]", "a | nothing", "]"])
def test_bad_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        RowPath(path)


@pytest.mark.parametrize(
    ("text", "found"),
    [(r"\boxed{1} \boxed{\frac{1}{2}}", r"\frac{1}{2}"), (r"\boxed{1", MISSING), ("none", MISSING), (None, MISSING)],
)
def test_last_box(text: str | None, found: Any) -> None:
    assert last_boxed(text) == found


def test_map_overrides_a_layout_and_stands_alone() -> None:
    how = layout.find("auto", ["completion=out", "reference.answer=gold", "previous=mark"])
    assert how is not None
    [record] = records(how, {"out": "2", "gold": 2, "mark": 0.25})
    assert record.item.reference == {"kind": "math", "answer": "2"}
    assert record.previous == 0.25
    how = layout.find("verl", ["previous=acc"])
    assert how is not None
    [record] = records(how, {"input": "", "output": "x", "gts": "y", "score": 1, "acc": 0})
    assert record.previous == 0.0


@pytest.mark.parametrize(
    ("name", "maps"), [("nothing", []), ("auto", ["completion"]), ("auto", ["unknown=a"]), ("auto", ["id=a["])]
)
def test_bad_layout_says_what_to_do(name: str, maps: list[str]) -> None:
    with pytest.raises(BadLayout, match=r"layout|FIELD=PATH|field|read"):
        layout.find(name, maps)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"reference": {}}, "no completion"),
        ({"completion": 5}, "no text"),
        ({"completion": []}, "without messages"),
        ({"completion": "x" * ((1 << 20) + 1)}, "longer than"),
        ({"completion": "\ud800"}, "surrogates"),
        ({"completion": "x", "meta": {"n": 1 << 80}}, ""),
    ],
)
def test_row_without_a_record_says_why(row: dict[str, Any], reason: str) -> None:
    [bad] = layout.known()["assay"].records([Row(1, row)], "f", 0)
    assert isinstance(bad, BadRow)
    assert reason in bad.reason


def test_conversation_of_strange_messages_is_a_bad_row_at_worst() -> None:
    how = layout.known()["assay"]
    for value in ([{"role": "assistant"}], [{"content": None}], [{"content": ["x"]}], [1, 2], {"a": 1}, [[]]):
        for one in how.records([Row(1, {"completion": value})], "f", 0):
            assert isinstance(one, BadRow | Record), json.dumps(value)
