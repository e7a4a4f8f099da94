"""What a child does with a chunk: rows of the input in, rows of the output out."""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from app.offline.chunk import Chunk, records
from app.offline.engines.base import Plan
from app.offline.layout import Layout
from app.offline.records import Record
from app.offline.rows import Columns, Done, done, short
from app.queue.packing import components_of
from app.rewards.base import CPU_LANE
from app.rubric import Rubric, resolve
from app.schemas import RubricSpec
from app.worker.frames import pack_call
from app.worker.progress import Progress
from app.worker.scoring import Bound, bind, score_columns

_FUNCTION = f"{__name__}:finish"


class _Work(msgspec.Struct, array_like=True, frozen=True):
    plan: msgspec.Raw
    chunk: Chunk


_encode = msgspec.msgpack.Encoder().encode
_decode_work = msgspec.msgpack.Decoder(_Work).decode
_decode_done = msgspec.msgpack.Decoder(Done | None).decode


def call(plan: Plan, chunk: Chunk) -> bytearray:
    """What has a child `finish` a chunk."""
    return pack_call(_FUNCTION, _Work(msgspec.Raw(_encode(plan)), chunk.light()))


def decode(result: bytes) -> Done | None:
    """What `finish` gave; None where the chunk needs another lane's children, or its bytes."""
    return _decode_done(result)


class _Ready(NamedTuple):
    """A plan, ready to work by."""

    rubric: Rubric
    layout: Layout
    components: tuple[Bound, ...]
    columns: Columns


@lru_cache(maxsize=8)
def _ready(encoded: bytes) -> _Ready:
    plan = msgspec.msgpack.decode(encoded, type=Plan)
    rubric = resolve(RubricSpec.model_validate(plan.rubric))
    columns = Columns(rubric.names, plan.text, plan.evidence)
    return _Ready(rubric, Layout(plan.layout, plan.paths), bind(components_of(rubric)), columns)


def finish(data: msgspec.Raw, progress: Progress) -> bytes:
    """Decode, score and combine the rows of a chunk; gives up one that can't be read any more."""
    work = _decode_work(data)
    plan = _ready(bytes(work.plan))
    try:
        chunk = work.chunk.whole()
    except OSError:
        return _encode(None)
    found = list(records(chunk, plan.layout))
    good = [one for one in found if isinstance(one, Record)]
    kinds = {str(one.item.reference.get("kind")) for one in good}
    if any(plan.rubric.lanes(kind).keys() - {CPU_LANE} for kind in kinds):
        return _encode(None)
    where = f"{chunk.source}:{chunk.block.first}"
    scored = score_columns(plan.components, [one.sample for one in good], progress, plan.columns.evidence, where)
    result = done(plan.rubric, plan.columns, found, scored)
    return _encode(msgspec.structs.replace(result, columns=short(result.columns)))
