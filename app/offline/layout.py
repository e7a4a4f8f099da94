"""How a kind of file lays out its records: a TOML file of paths, under `layouts/` or of the user's own."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path as File
from typing import Any, NamedTuple

from app.offline.block import Row
from app.offline.paths import MISSING, BadPath, Path
from app.offline.records import BadRow, Place, Record, content_id, group_of
from app.queue.codec import WorkItem
from app.schemas import MAX_COMPLETION_CHARS

FIELDS = ("id", "group", "prompt", "completion", "language", "previous", "reference", "meta")
AUTO = "auto"
_MAX_ID_CHARS = 256


class Question(NamedTuple):
    """A prompt to sample completions of."""

    id: str
    prompt: str
    reference: dict[str, Any]
    meta: dict[str, Any]


class BadLayout(ValueError):
    """A layout that can't be used. Says where and why."""


Paths = tuple[Path, ...]
"""Alternatives: the first that finds something counts."""
Finder = Callable[[Any, int], Any]
"""What record `part` of a row has for a field; None where it has nothing."""
_MOST_SHAPES = 64


class _Shape(NamedTuple):
    """How rows of the same columns are read."""

    completion: Finder
    prompt: Finder
    id: Finder
    group: Finder
    language: Finder
    previous: Finder
    whole_reference: Finder


class Layout:
    """Turns rows into records."""

    def __init__(self, name: str, spec: Mapping[str, Any]) -> None:
        self.name = name
        self.spec = dict(spec)
        """As data: another process makes the same layout of it."""
        self.description = str(spec.get("description", ""))
        unknown = set(spec) - {*FIELDS, "description"}
        if unknown:
            raise BadLayout(f"{name}: unknown field '{min(unknown)}'; there are: {', '.join(FIELDS)}")
        self._paths: dict[str, Paths] = {f: _paths(name, spec[f]) for f in FIELDS[:6] if f in spec}
        self._many = tuple(p for p in self._paths.get("completion", ()) if p.many)
        reference: Any = spec.get("reference", {})
        self._whole_reference: Paths = () if isinstance(reference, Mapping) else _paths(name, reference)
        self._reference: dict[str, Paths] = (
            {str(k): _paths(name, v) for k, v in reference.items()} if isinstance(reference, Mapping) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        )
        meta: Any = spec.get("meta", [])
        self._meta_path: Paths = _paths(name, meta) if isinstance(meta, str) else ()
        self._meta: tuple[str, ...] = () if isinstance(meta, str) else tuple(str(m) for m in meta)
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    @property
    def has_completions(self) -> bool:
        return "completion" in self._paths

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row has all that this layout needs: completion and prompt where it has them, and a reference."""
        for field in ("completion", "prompt"):
            paths = self._paths.get(field, ())
            if paths and not paths[0].optional and _first(paths, row, 0) is None:
                return False
        if self._whole_reference:
            return _first(self._whole_reference, row, 0) is not None
        return all(_first(p, row, 0) is not None or p[0].optional for p in self._reference.values())

    def records(self, rows: Iterable[Row], source: str, file: int) -> Iterator[Record | BadRow]:
        """The records of rows: one a row, or as many as its `[*]` paths find. `file`: its position among the inputs."""
        for number, row, problem in rows:
            if row is None:
                yield BadRow(source, Place(file, number), problem)
            elif self._many:
                yield from self._several(row, source, file, number)
            else:
                yield self._record(row, source, Place(file, number), "")

    def _several(self, row: Mapping[str, Any], source: str, file: int, number: int) -> Iterator[Record | BadRow]:
        count = max(path.count(row) for path in self._many)
        for part in range(count):
            yield self._record(row, source, Place(file, number, part), f"/{part}")
        if count == 0:
            yield BadRow(source, Place(file, number), "the row holds no completion")

    def question(self, row: Mapping[str, Any], source: str, number: int) -> Question:
        """The prompt of a row with its reference. Raises BadLayout where it has no prompt."""
        shape = self._shape(row)
        try:
            prompt = text_of(shape.prompt(row, 0), "prompt")
        except ValueError as error:
            raise BadLayout(f"{source}:{number}: {error}") from None
        named = shape.group(row, 0)
        if named is None:
            named = shape.id(row, 0)
        id_ = (group_of(prompt) or "") if named is None else str(named)[:_MAX_ID_CHARS]
        return Question(id_, prompt, self._reference_of(row, 0, shape), self._meta_of(row))

    def _record(self, row: Mapping[str, Any], source: str, place: Place, suffix: str) -> Record | BadRow:
        part, shape = place.part, self._shape(row)
        language = shape.language(row, part)
        try:
            item = WorkItem(
                text_of(shape.completion(row, part), "completion"),
                text_of(shape.prompt(row, part), "prompt", ""),
                self._reference_of(row, part, shape),
                language if isinstance(language, str) else None,
                self._meta_of(row),
            )
            content = content_id(item)
        except ValueError as error:
            return BadRow(source, place, str(error))
        id_, group = shape.id(row, part), shape.group(row, part)
        id_ = f"{source.rpartition('/')[2]}:{place.row}" if id_ is None else str(id_)[:_MAX_ID_CHARS]
        group = group_of(item.prompt) if group is None else str(group)[:_MAX_ID_CHARS]
        return Record(id_ + suffix, group, item, content, _number(shape.previous(row, part)), source, place)

    def _shape(self, row: Mapping[str, Any]) -> _Shape:
        """Of the rows of a file most have the same columns: what those can't hold isn't looked for in each."""
        columns = tuple(row)
        shape = self._shapes.get(columns)
        if shape is None:
            paths = [self._paths.get(field, ()) for field in _Shape._fields[:-1]]
            shape = _Shape(
                *(_finder(tuple(p for p in of if p.may_find(row))) for of in (*paths, self._whole_reference))
            )
            if len(self._shapes) < _MOST_SHAPES:
                self._shapes[columns] = shape
        return shape

    def _reference_of(self, row: Mapping[str, Any], part: int, shape: _Shape) -> dict[str, Any]:
        if self._whole_reference:
            whole: Any = shape.whole_reference(row, part)
            if isinstance(whole, dict) and isinstance(whole.get("kind"), str):  # pyright: ignore[reportUnknownMemberType]
                return whole  # pyright: ignore[reportUnknownVariableType]
            return {"kind": "none"}
        found = {name: _first(paths, row, part) for name, paths in self._reference.items()}
        kept = {name: value for name, value in found.items() if value is not None}
        if isinstance(kept.get("answer"), int | float) and not isinstance(kept["answer"], bool):
            kept["answer"] = repr(kept["answer"])
        return kept if "kind" in kept else {"kind": "none"}

    def _meta_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if self._meta_path:
            whole: Any = _first(self._meta_path, row, 0)
            return whole if isinstance(whole, dict) else {}  # pyright: ignore[reportUnknownVariableType]
        return {name: row[name] for name in self._meta if name in row}


def _first(paths: Paths, row: Any, part: int) -> Any:
    for path in paths:
        value = path.find(row, part) if path.key is None else row.get(path.key)
        if value is not None and value is not MISSING:
            return value
    return None


def _finder(paths: Paths) -> Finder:
    if not paths:
        return lambda _row, _part: None
    if len(paths) == 1 and paths[0].key is not None:  # no more than a column's name, as most are
        key = paths[0].key
        return lambda row, _part: row.get(key)
    return partial(_first, paths)


def _paths(layout: str, value: Any) -> Paths:
    texts: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise BadLayout(f"{layout}: a path is a text, or a list of texts")
    try:
        return tuple(Path(text) for text in texts)
    except BadPath as error:
        raise BadLayout(f"{layout}: {error}") from None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, int | float) and value == value else None


def text_of(value: Any, field: str, default: str | None = None) -> str:
    """A text, or the last message of a conversation with its `reasoning_content` in think tags. Raises ValueError."""
    if isinstance(value, str) and len(value) <= MAX_COMPLETION_CHARS:
        return value
    if value is None:
        if default is not None:
            return default
        raise ValueError(f"the row has no {field}")
    if isinstance(value, list):
        messages: list[Any] = [m for m in value if isinstance(m, dict)]  # pyright: ignore[reportUnknownVariableType]
        wanted = [m for m in messages if m.get("role") == ("assistant" if field == "completion" else "user")]
        if not messages:
            raise ValueError(f"the {field} is a list without messages")
        message: dict[str, Any] = (wanted or messages)[-1]
        content, thought = message.get("content") or "", message.get("reasoning_content") or ""
        value = f"<think>{thought}</think>{content}" if thought and field == "completion" else content
    if not isinstance(value, str):
        raise ValueError(f"the {field} is no text and no list of messages")
    if len(value) > MAX_COMPLETION_CHARS:
        raise ValueError(f"the {field} is longer than {MAX_COMPLETION_CHARS} characters")
    return value


@cache
def known() -> dict[str, Layout]:
    """The layouts that ship, by name."""
    folder = files("app.offline").joinpath("layouts")
    found = sorted((f.name.removesuffix(".toml"), f) for f in folder.iterdir() if f.name.endswith(".toml"))
    return {name: Layout(name, tomllib.loads(file.read_text("utf-8"))) for name, file in found}


def find(name: str, overrides: Sequence[str] = ()) -> Layout | None:
    """A layout by name or TOML file, with `field=path` on top; None for `auto` without any. Raises BadLayout."""
    if name == AUTO and not overrides:
        return None
    if name == AUTO:
        return Layout("map", _overridden({}, overrides))
    if name.endswith(".toml"):
        try:
            spec = tomllib.loads(File(name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise BadLayout(f"{name}: {error}") from None
        return Layout(name, _overridden(spec, overrides))
    if name not in known():
        raise BadLayout(f"unknown layout '{name}'; there are: {', '.join((AUTO, *known()))}, or a TOML file")
    if not overrides:
        return known()[name]
    file = files("app.offline").joinpath("layouts", f"{name}.toml")
    return Layout(name, _overridden(tomllib.loads(file.read_text("utf-8")), overrides))


def guess(row: Mapping[str, Any], *, questions: bool = False) -> Layout:
    """The layout that fits a row; `questions`: one without completions will do. Raises BadLayout."""
    candidates = sorted(known().values(), key=lambda one: not one.has_completions)
    for layout in candidates:
        if (layout.has_completions or questions) and layout.fits(row):
            return layout
    raise BadLayout(
        f"no known layout fits a row with the columns {', '.join(sorted(row))}; say where things are, "
        "for example --map completion=output --map reference.answer=gold --map reference.kind==math"
    )


def _overridden(spec: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    for text in overrides:
        field, found, path = text.partition("=")
        if not found:
            raise BadLayout(f"--map {text}: should be FIELD=PATH")
        if field.startswith("reference."):
            reference = spec.get("reference")
            spec["reference"] = {**(reference if isinstance(reference, dict) else {"kind": "=math"})}
            spec["reference"][field.removeprefix("reference.")] = path
        else:
            spec[field] = path
    return spec
