"""Server-sent events of a job: its progress, whenever that changes."""

import asyncio
import time
from collections.abc import AsyncGenerator

import msgspec

from app.api.jobs.view import Job, view
from app.queue.jobs.store import JobStore

_POLL_S = 0.25
_HEARTBEAT_S = 15.0
"""Shorter than the idle time-outs of common proxies."""
_RETRY_MS = 2000


async def events(store: JobStore, job: Job, seen: str | None) -> AsyncGenerator[bytes]:
    """`progress` events, each the whole state, and `end` at last; comments in between keep the connection alive.

    An event's id is the version of the job: a client that comes back with the last one it saw gets what is newer.
    """
    yield b"retry: %d\n\n" % _RETRY_MS
    last = int(seen) if seen is not None and seen.isdecimal() else -1
    sent = time.monotonic()
    current: Job | None = job
    while current is not None:
        status = current[1]
        if status.version != last or status.state.over:
            last = status.version
            yield _event("end" if status.state.over else "progress", last, view(current))
            sent = time.monotonic()
            if status.state.over:
                return
        if time.monotonic() - sent > _HEARTBEAT_S:
            yield b": alive\n\n"
            sent = time.monotonic()
        await asyncio.sleep(_POLL_S)
        current = await store.get(job[0].id)
    yield b"event: gone\ndata: {}\n\n"


def _event(kind: str, id_: int, data: object) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (id_, kind.encode(), msgspec.json.encode(data))
