"""The output folder: what can't be one is refused with what to do."""

from pathlib import Path

import pytest

from app.offline.output import RUN, Output, OutputError, Position
from app.offline.rows import Columns

COLUMNS = Columns(("accuracy",), False, False)


def filled(folder: Path) -> None:
    output = Output(folder, {"rubric": "r1"})
    output.write(COLUMNS, [[] for _ in COLUMNS.fields()], [], Position(0, 5))
    output.close()


def test_position_is_that_of_the_last_part(tmp_path: Path) -> None:
    filled(tmp_path)
    output = Output(tmp_path, {"rubric": "r1"})
    assert (output.position, output.resumed) == (Position(0, 5), True)
    output.close()


@pytest.mark.parametrize("name", [RUN, "part-00000.parquet"])
def test_damaged_folder_says_restart(tmp_path: Path, name: str) -> None:
    filled(tmp_path)
    (tmp_path / name).write_text("garbage")
    with pytest.raises(OutputError, match=r"damaged.*--restart"):
        Output(tmp_path, {"rubric": "r1"})
    Output(tmp_path, {"rubric": "r1"}, restart=True).close()


def test_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="can't be a folder"):
        Output(tmp_path / "out", {})
