"""Mixes selected reasoning with other data at a ratio, shuffled, each row with where it is from."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.offline.extras import InputError
from app.offline.lines import decode_line


class Mixed(NamedTuple):
    """How many rows of each origin were written."""

    reasoning: int
    other: dict[str, int]


def mix(reasoning: Path, others: Sequence[Path], ratio: float, out: Path, seed: int) -> Mixed:
    """Write all reasoning rows and, for `ratio` of them, one row of the other files; shuffled by the seed.

    The paper mixes 600,000 with 200,000: ratio 3. Others give in proportion to their sizes; where they hold too few,
    all are taken. Texts are read one at a time. Raises InputError on a row without messages.
    """
    places: list[tuple[int, int]] = [(0, offset) for offset in _offsets(reasoning)]
    wanted = round(len(places) / ratio) if ratio > 0 else 0
    pool = [(n + 1, offset) for n, other in enumerate(others) for offset in _offsets(other)]
    draw = random.Random(seed)
    taken = draw.sample(pool, min(wanted, len(pool)))
    places += taken
    draw.shuffle(places)
    files = [path.open("rb") for path in (reasoning, *others)]
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        with temporary.open("wb") as written:
            for file, offset in places:
                files[file].seek(offset)
                line = files[file].readline()
                if file:
                    line = _other(line, others[file - 1])
                written.write(line if line.endswith(b"\n") else line + b"\n")
    finally:
        for opened in files:
            opened.close()
    temporary.replace(out)
    names = [others[n - 1].stem for n, _ in taken]
    return Mixed(len(places) - len(taken), {name: names.count(name) for name in sorted(set(names))})


def _offsets(path: Path) -> Iterator[int]:
    offset = 0
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield offset
            offset += len(line)


def _other(line: bytes, path: Path) -> bytes:
    """A row of another file, in the shape of all rows. Raises InputError."""
    data: dict[str, Any] = decode_line(0, line).data or {}
    messages: Any = data.get("messages")
    if not isinstance(messages, list):
        pair = data.get("prompt", data.get("question")), data.get("completion", data.get("answer"))
        if not all(isinstance(text, str) for text in pair):
            raise InputError(f"{path}: a row has neither `messages` nor `prompt` and `completion`: {line[:100]!r}")
        messages = [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    about: dict[str, Any] = data.get("meta") or {}
    meta = {**about, "source": path.stem, "reasoning": False}
    return json.dumps({"messages": messages, "meta": meta}, ensure_ascii=False).encode("utf-8", "replace")
