"""The operator's table of data sources: which rubric and which kind of reference each has."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
from assay_client.sources import Sources


def load_sources(path: Path | None) -> Sources:
    """The table in a TOML or JSON file, before the known sources; those alone without a file.

    Raises ValueError, OSError: the service does not start with a table that it can't read.
    """
    if path is None:
        return Sources()
    text = path.read_text("utf-8")
    table: Any = tomllib.loads(text) if path.suffix == ".toml" else msgspec.json.decode(text)
    if not isinstance(table, dict):
        raise ValueError(f"{path}: a table of sources expected")
    return Sources(table)  # pyright: ignore[reportUnknownArgumentType]
