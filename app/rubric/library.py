"""The rubrics that there are: presets of the service, and files of the operator's directory `ASSAY_RUBRICS`."""

import importlib
import json
import os
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.rewards import registry
from app.rubric.binding import bad_field, bind
from app.rubric.errors import BadRubric
from app.rubric.model import Rubric
from app.schemas import RubricSpec

DIRECTORY_ENV = "ASSAY_RUBRICS"
SUFFIXES = (".toml", ".yaml", ".yml", ".json")
MAX_FILE_BYTES = 1 << 20
"""A rubric is a page; a data set that was named by mistake is not read."""


def load_file(path: Path) -> RubricSpec:
    """The rubric of a file, named by the file. Raises BadRubric, whose path begins with the file's name."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadRubric((path.name,), f"larger than {MAX_FILE_BYTES} bytes")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRubric((path.name,), f"can't be read: {error}") from None
    return _spec(path.name, text)


def _spec(file: str, text: str) -> RubricSpec:
    stem, _, suffix = file.rpartition(".")
    data = _decode(f".{suffix}", text, file)
    if not isinstance(data, dict):
        raise BadRubric((file,), "should be a table with `components`")
    try:
        return RubricSpec.model_validate({"name": stem, **data})
    except ValidationError as error:
        raise bad_field(error, (file,)) from None


def _decode(suffix: str, text: str, file: str) -> Any:
    try:
        if suffix == ".toml":
            return tomllib.loads(text)
        if suffix == ".json":
            return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRubric((file,), f"can't be read: {error}") from None
    if suffix not in SUFFIXES:
        raise BadRubric((file,), f"unknown kind of file; there are: {', '.join(SUFFIXES)}")
    yaml: Any = importlib.import_module("yaml")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadRubric((file,), f"can't be read: {error}") from None


def _own_files() -> Iterator[Path]:
    directory = os.environ.get(DIRECTORY_ENV)
    if not directory:
        return
    try:
        found = sorted(Path(directory).iterdir())
    except OSError as error:
        raise BadRubric((DIRECTORY_ENV,), f"can't be read: {error}") from None
    yield from (path for path in found if path.suffix in SUFFIXES)


def _load() -> dict[str, RubricSpec]:
    found: dict[str, RubricSpec] = {}
    for file in files("app").joinpath("rubrics").iterdir():
        if file.name.endswith(".toml"):
            spec = _spec(file.name, file.read_text("utf-8"))
            found[spec.name] = spec
    for path in _own_files():
        spec = load_file(path)
        try:
            bind(spec)
        except BadRubric as error:
            raise BadRubric((path.name, *error.path), error.detail) from None
        found[spec.name] = spec
    return dict(sorted(found.items()))


class _Library:
    """The rubrics in use; replaced as a whole, and only by ones that are all valid."""

    specs: dict[str, RubricSpec] | None = None


def presets() -> dict[str, RubricSpec]:
    """All rubrics by name; a file of the operator goes before a preset of its name. Raises BadRubric on first use."""
    if _Library.specs is None:
        _Library.specs = _load()
    return _Library.specs


def reload() -> tuple[str, ...]:
    """Read all files again, for SIGHUP; their names. Raises BadRubric, and then what was in use stays in use."""
    _Library.specs = _load()
    _bound_preset.cache_clear()
    return tuple(_Library.specs)


@cache
def _bound_preset(name: str) -> Rubric:
    spec = presets().get(name)
    if spec is None:
        raise BadRubric((), f"unknown rubric '{name}'; there are: {', '.join(presets())}")
    return bind(spec)


def resolve(rubric: str | RubricSpec) -> Rubric:
    """A rubric by name, or an inline one. Raises BadRubric."""
    return _bound_preset(rubric) if isinstance(rubric, str) else bind(rubric)


def describe(name: str) -> dict[str, Any]:
    """A rubric as data, each component with its full parameters and what its reward is. Raises BadRubric."""
    rubric = resolve(name)
    shown = presets()[name].model_dump(mode="json")
    for bound in (*rubric.components, *rubric.group_components):
        entry = registry.describe_one(bound.reward)
        shown["components"][bound.name] |= {"params": bound.params, "range": entry["range"], "doc": entry["summary"]}
    return shown
