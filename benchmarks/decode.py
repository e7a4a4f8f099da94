"""Reading a batch of 512: the fast way against pydantic's own, in one run: `python -m benchmarks.decode`."""

import json
import statistics
import time
from collections.abc import Callable

import msgspec

from app.api.bodies import Media
from app.api.items import item_of
from app.api.received import at_once
from app.schemas import ScoreRequest
from benchmarks.completions import items as make_items

_COUNT = 512
_ROUNDS = 15


def microseconds(read: Callable[[], object]) -> float:
    """CPU time an item, once."""
    started = time.process_time()
    read()
    return (time.process_time() - started) / _COUNT * 1e6


def compare(size: int, media: Media) -> None:
    """Both ways take turns; medians."""
    batch = {"rubric": "r1", "items": make_items(_COUNT, size)}
    body = json.dumps(batch).encode() if media is Media.JSON else msgspec.msgpack.encode(batch)

    def fast() -> object:
        return at_once(body, media, ScoreRequest)

    def contract() -> object:
        if media is Media.JSON:
            request = ScoreRequest.model_validate_json(body)
        else:
            request = ScoreRequest.model_validate(msgspec.msgpack.decode(body))
        return [item_of(item) for item in request.items]

    assert fast() is not None
    pairs = [(microseconds(fast), microseconds(contract)) for _ in range(_ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    name = f"{media.split('/')[1]} {size // 1024} KB"
    print(f"{name:15} fast {ours:6.2f} us an item, pydantic {theirs:6.2f} us: {theirs / ours:.1f}x")


if __name__ == "__main__":
    for media in (Media.JSON, Media.MSGPACK):
        for size in (1024, 16_384):
            compare(size, media)
