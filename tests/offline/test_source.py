"""The input as chunks: from any place on, the rest comes, once and in order."""

import json
from pathlib import Path

import pytest

from app.offline.chunk import records
from app.offline.layout import Layout
from app.offline.output import Position
from app.offline.records import Place
from app.offline.source import Source

LAYOUT = Layout("several", {"completion": "samples[*]", "reference": {"kind": "=math", "answer": "gold"}})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("rows")
    made: list[Path] = []
    for name, counts in (("a.jsonl", (3, 0, 1, 2)), ("b.jsonl", (2, 4))):
        rows = [json.dumps({"samples": ["x" * 40] * n, "gold": "1"}) for n in counts]
        made.append(folder / name)
        made[-1].write_text("\n".join([*rows[:1], "{", "", *rows[1:]]) + "\n")
    return made


def places(files: list[Path], start: Position, rows: int, size: int) -> list[Place]:
    source = Source(files, LAYOUT)
    return [one.place for chunk in source.chunks(start, rows, size) for one in records(chunk, LAYOUT)]


@pytest.mark.parametrize(("rows", "size"), [(1, 1 << 20), (2, 1 << 20), (256, 100), (256, 1 << 20)])
def test_from_any_place_on_the_rest_comes(files: list[Path], rows: int, size: int) -> None:
    every = places(files, Position(), rows, size)
    assert len(every) == 15  # twelve completions, two broken lines, a row without completions
    assert every == sorted(set(every), key=lambda place: (place.file, place.row, place.part))
    for number, place in enumerate(every):
        assert places(files, Position(place.file, place.row - 1, place.part), rows, size) == every[number + 1 :]
