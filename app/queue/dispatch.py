"""The API's end of the queue: sends micro-batches out and brings their scores together again."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from random import random

import structlog

from app.queue import codec
from app.queue.connection import QueueUnavailable, Server
from app.queue.keys import PRIORITIES, Keys
from app.queue.pending import Pending
from app.rewards.base import LANES

_log = structlog.get_logger(__name__)
_REPLIES_AT_ONCE = 64
_BLOCK_MS = 1000
_SEND_AT_ONCE = 64
"""Micro-batches sent in one round trip: enough to keep workers busy while the rest is encoded."""
_MAX_BACKOFF_S = 2.0
RETRY_AFTER_S = 1


class QueueFull(Exception):
    """A lane holds as many micro-batches as it may."""

    def __init__(self, lane: str, waiting: int) -> None:
        super().__init__(f"lane '{lane}' has {waiting} micro-batches waiting")


class Dispatcher:
    """One per API process."""

    def __init__(self, server: Server, keys: Keys, *, max_queued_batches: int, reply_ttl_s: int) -> None:
        self._server = server
        self._keys = keys
        self._max_queued = max_queued_batches
        self._reply_ttl_s = reply_ttl_s
        self._reply = keys.reply(uuid.uuid4().hex)
        self._pending: dict[str, Pending] = {}
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._reader = asyncio.create_task(self._read_replies(), name="replies")

    async def stop(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    @property
    def in_flight(self) -> int:
        """Requests being scored."""
        return len(self._pending)

    def expect(self, request: str, items: int, components: int, deadline: float) -> Pending:
        """Register a request before its work is sent; `forget` it at the end, whatever happens."""
        pending = Pending(request, items, components, deadline)
        self._pending[request] = pending
        return pending

    def forget(self, pending: Pending) -> None:
        self._pending.pop(pending.request, None)

    async def send(
        self, batches: Iterable[tuple[str, codec.WorkBatch]], pending: Pending, priority: str
    ) -> Counter[str]:
        """Put micro-batches into their lanes; the number of items by lane. Raises QueueFull, QueueUnavailable."""
        await self._check_room(priority)
        deadline_ms = int((time.time() + pending.deadline - time.monotonic()) * 1000)
        sent: Counter[str] = Counter()
        entries: list[tuple[str, dict[str, str | int | bytes]]] = []
        for lane, batch in batches:
            envelope = codec.Envelope(
                batch.request, self._reply, len(batch.items), _now_ms(), deadline_ms, codec.encode(batch)
            )
            entries.append((self._keys.queue(lane, priority), envelope.fields()))
            sent[lane] += len(batch.items)
            if len(entries) >= _SEND_AT_ONCE:
                await self._server.add_all(list(entries))
                entries.clear()
        if entries:
            await self._server.add_all(list(entries))
        return sent

    async def _check_room(self, priority: str) -> None:
        lengths = await self._server.lengths([self._keys.queue(lane, priority) for lane in LANES])
        for lane, waiting in zip(LANES, lengths, strict=True):
            if waiting >= self._max_queued:
                raise QueueFull(lane, waiting)

    async def _read_replies(self) -> None:
        """Read results for ever; a server that is away is tried again, a little later each time."""
        last: bytes | str = "0"
        backoff = 0.0
        while True:
            try:
                entries = await self._server.read(self._reply, last, _REPLIES_AT_ONCE, _BLOCK_MS)
                backoff = 0.0
                for id_, fields in entries:
                    last = id_
                    self._receive(fields)
                if isinstance(last, bytes) and entries:
                    await self._server.drop(self._reply, last)
                    await self._server.expire(self._reply, self._reply_ttl_s)
            except QueueUnavailable as error:
                backoff = min(_MAX_BACKOFF_S, backoff * 2 + 0.05)
                _log.warning("replies_unavailable", error=str(error), retry_s=round(backoff, 2))
                await asyncio.sleep(backoff * (0.5 + random()))

    def _receive(self, fields: dict[bytes, bytes]) -> None:
        pending = self._pending.get(fields[b"request"].decode())
        if pending is not None:
            queue_ms = float(fields[b"queue_ms"])
            pending.receive(codec.decode_scores(fields[b"payload"]), queue_ms)


async def queue_state(server: Server, keys: Keys) -> list[tuple[str, str, int, float]]:
    """`(lane, priority, micro-batches, age of the oldest in seconds)` of every queue."""
    queues = [(lane, priority) for lane in LANES for priority in PRIORITIES]
    streams = [keys.queue(*queue) for queue in queues]
    lengths = await server.lengths(streams)
    oldest = await server.oldest(streams)
    now = time.time()
    ages = [max(0.0, now - int(id_.split(b"-")[0]) / 1000) if id_ else 0.0 for id_ in oldest]
    return [(*queue, length, age) for queue, length, age in zip(queues, lengths, ages, strict=True)]


def _now_ms() -> int:
    return int(time.time() * 1000)
