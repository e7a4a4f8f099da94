"""The output folder of a run: parts that appear whole or not at all, so that a killed run goes on where it stopped.

run.json              what was asked for; a resumed run must ask for the same
part-00000.parquet    rows in the order of the input, with the position after them in the file's metadata
bad-00000.jsonl       rows of that stretch of the input that hold no record
manifest.json         at the end: versions, counts, hashes
bad.jsonl             at the end: all bad rows
report.html, report.json
"""

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from app.offline.extras import InputError, optional, required, without
from app.offline.records import BadRow
from app.offline.rows import Columns

RUN, MANIFEST, BAD = "run.json", "manifest.json", "bad.jsonl"
_POSITION = b"assay.position"
_PURPOSE = "to write results"
_DISTINCT = ("id", "content_id", "prompt", "completion")
"""Columns of hardly a value twice: a dictionary of them would be made in vain."""
_HAND_OVER_S = 0.0005
_HEAD_BYTES = 1 << 16
"""Of an input file, hashed to notice that it changed between a run and its resumption."""


class OutputError(ValueError):
    """The folder can't take this run. Says why and what to do."""


class Position(NamedTuple):
    """Up to where the input is done."""

    file: int = 0
    row: int = 0
    """Rows of that file that are done whole."""
    part: int = -1
    """Last record done of the row after them; -1: none."""


def fingerprint(path: Path) -> dict[str, Any]:
    """What tells whether an input file is the same as before."""
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(_HEAD_BYTES)).hexdigest()
    return {"path": str(path.resolve()), "bytes": path.stat().st_size, "sha256_head": head}


def write_json(path: Path, value: Any) -> None:
    """Replace a file as a whole."""
    _replace(path, json.dumps(value, indent=2, ensure_ascii=False).encode())


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


class Output:
    """An output folder that this process alone writes to."""

    def __init__(self, folder: Path, asked: dict[str, Any], *, restart: bool = False) -> None:
        """Raises OutputError where the folder can't take this run, InputError where pyarrow is not installed."""
        required("pyarrow", _PURPOSE)
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / ".lock").open("w")
        except OSError as error:
            raise OutputError(f"{folder}: can't be a folder for results: {error.strerror}") from None
        try:
            self._take(asked, restart)
        except OutputError:
            self.close()
            raise

    def _take(self, asked: dict[str, Any], restart: bool) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(f"{self.folder}: another process is writing to it") from None
        if restart:
            self._clear()
        self._begin(asked)
        self.parts = self.part_files()
        self.position = self._last_position()
        self.resumed = bool(self.parts)
        for file in self.folder.glob("bad-*.jsonl"):  # of a part that was never finished
            if int(file.stem.partition("-")[2]) >= len(self.parts):
                file.unlink()

    def _clear(self) -> None:
        for pattern in ("part-*.parquet", "bad-*.jsonl", BAD, RUN, MANIFEST, "report.*"):
            for file in self.folder.glob(pattern):
                file.unlink()

    def _begin(self, asked: dict[str, Any]) -> None:
        path = self.folder / RUN
        if not path.exists():
            if any(self.folder.glob("part-*.parquet")):
                raise OutputError(f"{self.folder}: has parts but no {RUN}; name another folder, or say --restart")
            write_json(path, asked)
            return
        try:
            before: dict[str, Any] = json.loads(path.read_bytes())
        except ValueError:
            raise self._damaged(RUN) from None
        for key in sorted({*asked, *before}):
            if asked.get(key) != before.get(key):
                raise OutputError(
                    f"{self.folder}: holds a run with another '{key}'; name another folder, or --restart to begin anew"
                )

    def part_files(self) -> list[Path]:
        """The parts that are there, in order, without a gap."""
        found: list[Path] = []
        while (path := self.folder / f"part-{len(found):05}.parquet").exists():
            found.append(path)
        return found

    def _last_position(self) -> Position:
        if not self.parts:
            return Position()
        try:
            metadata: Any = _parquet().read_schema(self.parts[-1]).metadata or {}
            return Position(*json.loads(metadata[_POSITION]))
        except (OSError, ValueError, KeyError):
            raise self._damaged(self.parts[-1].name) from None

    def _damaged(self, name: str) -> OutputError:
        return OutputError(f"{self.folder}: {name} is damaged; name another folder, or --restart to begin anew")

    @property
    def rows_written(self) -> int:
        return sum(_parquet().read_metadata(part).num_rows for part in self.parts)

    def write(self, columns: Columns, values: Sequence[list[Any]], bad: Sequence[BadRow], position: Position) -> None:
        """One more part, of the values of each column. Bad rows first: with the part, the stretch counts as done."""
        number = len(self.parts)
        if bad:
            lines = b"".join(json.dumps(_bad(row), ensure_ascii=False).encode() + b"\n" for row in bad)
            _replace(self.folder / f"bad-{number:05}.jsonl", lines)
        a: Any = optional("pyarrow", _PURPOSE)
        kinds = {"string": a.string(), "double": a.float64(), "float": a.float32(), "int32": a.int32()}
        kinds["int64"] = a.int64()
        fields = columns.fields()
        schema = a.schema([(name, kinds[kind]) for name, kind in fields], {_POSITION: json.dumps(position).encode()})
        arrays = [a.array(list_, kinds[kind]) for list_, (_, kind) in zip(values, fields, strict=True)]
        path = self.folder / f"part-{number:05}.parquet"
        temporary = path.with_name(f".{path.name}.tmp")
        repeated = [name for name, kind in fields if kind == "string" and name not in _DISTINCT]
        table = a.table(arrays, schema=schema)
        _parquet().write_table(table, temporary, compression="zstd", use_dictionary=repeated)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        self.parts.append(path)

    @staticmethod
    def warm_up() -> None:
        """Import what writing takes, while others score and there is nothing to write. Lists are no Series: pandas,
        for which they are looked at, would take longer than all the rest.

        Where that fails, as it does in a process that ends meanwhile, the first write tells.
        """
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_HAND_OVER_S)  # children that have nothing to do wait for the other thread
        try:
            with suppress(ImportError, InputError, RuntimeError), without("pandas"):
                _parquet()
                optional("pyarrow", _PURPOSE).array([0])
        finally:
            sys.setswitchinterval(usual)

    def finish(self, manifest: dict[str, Any]) -> None:
        """The manifest, and the bad rows as one file."""
        bad = b"".join(file.read_bytes() for file in sorted(self.folder.glob("bad-*.jsonl")))
        if bad:
            _replace(self.folder / BAD, bad)
        write_json(self.folder / MANIFEST, {**manifest, "rows": self.rows_written, "bad_rows": bad.count(b"\n")})

    def close(self) -> None:
        self._lock.close()


def _parquet() -> Any:
    return optional("pyarrow.parquet", _PURPOSE)


def _bad(row: BadRow) -> dict[str, Any]:
    return {"source": row.source, "row": row.place.row, "part": row.place.part, "reason": row.reason}
