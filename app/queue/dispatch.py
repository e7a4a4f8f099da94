"""The API's end of the queue: packs items into micro-batches, sends them, hands their scores to who waits."""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Iterable, Iterator
from itertools import count
from random import random

import structlog

from app.queue import codec
from app.queue.cache import ScoreCache, as_cached
from app.queue.codec import WorkItem
from app.queue.connection import Fields, Server
from app.queue.costs import Costs
from app.queue.keys import PRIORITIES, Keys
from app.queue.outage import QueueUnavailable, Reason
from app.queue.packing import Batch, Leaving, Limits, Route, Work
from app.queue.pending import Pending
from app.queue.room import QueueFull, Room
from app.queue.spool import LARGE_BYTES, Spool
from app.rewards.base import CPU_LANE, LANES

_log = structlog.get_logger(__name__)
_REPLIES_AT_ONCE = 64
_UNDROPPED = 32
"""Replies that are read before they are dropped."""
_BLOCK_MS = 1000
_SEND_AT_ONCE = 64
"""Micro-batches sent in one round trip: enough to keep workers busy while the rest is encoded."""
_FEW = 8
"""A request of so few items lets its micro-batch wait a moment for those of others."""
_MANY = 32
"""Requests under way that are worth the whole wait for more."""
_PARTS = 2
"""Micro-batches that small requests are spread over: one is filled while the other is scored."""
_ENOUGH = 16
"""Requests of one micro-batch that are not held up for the rest of the loop's turn."""
_TIME_TO_JOIN = 0.8
"""Share of its own time that a request must still have if it joins a micro-batch of another."""
_MAX_BACKOFF_S = 2.0
_CANCEL_AGAIN_S = 0.2
_LOOK_S = 1.0
"""How often the note is looked for that tells whether the server has kept its data."""
_CHECK_AT_ONCE = 256


class Dispatcher:
    """One per API process."""

    def __init__(
        self,
        server: Server,
        keys: Keys,
        *,
        limits: Limits,
        coalesce_s: float,
        cache_items: int,
        room: Room,
        spool: Spool | None = None,
        max_requests: int,
        reply_ttl_s: int,
        on_reuse: Callable[[str, int], None] = lambda how, items: None,
    ) -> None:
        self._server = server
        self._keys = keys
        self._costs = Costs(limits)
        self._coalesce_s = coalesce_s
        self._room = room
        self._spool = spool
        self._max_requests = max_requests
        self._reply_ttl_s = reply_ttl_s
        self._on_reuse = on_reuse
        """Told how items came by their scores: `(computed | joined | cached, number)`."""
        self._node = uuid.uuid4().hex
        self._reply = keys.reply(self._node)
        self._read: bytes | None = None
        """Reply read last; None to begin with the oldest that is there."""
        self._undropped = 0
        """Replies that were read and are there still."""
        self._numbers = count()
        self._cache = ScoreCache(cache_items)
        self._open: dict[Work, Batch] = {}
        """Micro-batches with room."""
        self._under_way: dict[str, Batch] = {}
        """By id."""
        self._places: dict[tuple[str, bytes], tuple[Batch, int]] = {}
        """Where an item, by priority and key, is being scored."""
        self._by_pending: dict[Pending, set[Batch]] = {}
        self._encoded = bytearray()
        """The item that is being placed, as it travels."""
        self._payload = bytearray()
        """The micro-batch that is being sent; one buffer for all, for new memory costs more than what is written."""
        self._looked = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        if self._spool is not None:
            self._spool.open()
        self._spawn(self._read_replies())

    async def stop(self) -> None:
        while self._tasks:  # One cancellation can get lost in a client library that is just reconnecting.
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=_CANCEL_AGAIN_S)
        if self._spool is not None:
            self._spool.close()

    @property
    def in_flight(self) -> int:
        """Requests being scored."""
        return len(self._by_pending)

    def expect(self, pending: Pending) -> None:
        """Register a request before its work is submitted; `forget` it at the end, whatever happens.

        Raises QueueFull where as many are being scored as may.
        """
        if len(self._by_pending) >= self._max_requests:
            raise QueueFull(f"{len(self._by_pending)} requests are being scored")
        self._by_pending[pending] = set()

    def forget(self, pending: Pending) -> None:
        """Nobody waits for this request any more: what only it wanted and has not started is taken back."""
        abandoned: list[Batch] = []
        for batch in self._by_pending.pop(pending, ()):
            batch.waiting.discard(pending)
            if not batch.waiting:
                abandoned.append(batch)
        if abandoned:
            self._spawn(self._take_back(abandoned))

    def takes_at_once(self, priority: str, items: int) -> bool:
        """Whether `submit` has nothing to wait for."""
        return items <= _FEW and self._room.known(priority)

    async def submit(
        self,
        work: Iterable[tuple[WorkItem, tuple[Work, ...]]],
        pending: Pending,
        *,
        priority: str,
        reuse: bool,
        first: int = 0,
        more: bool = False,
    ) -> None:
        """Have items scored, of which the first has this position in the request.

        `reuse`: equal items may share their scores, and use earlier ones. `more`: others of the request may follow at
        once, and fill the last micro-batch.

        Raises QueueFull. If the server is away, `pending.ready` raises QueueUnavailable.
        """
        if not self._room.known(priority):
            await self._room.check(priority)
        few = more or len(pending.scores) <= _FEW
        for full in self._place_all(work, pending, reuse, first, few):
            sending = self._send(full)
            if sending is not None and not (few and len(full) < _SEND_AT_ONCE):
                await asyncio.shield(sending)  # Others may have items in them.

    def submit_few(self, work: Iterable[tuple[WorkItem, tuple[Work, ...]]], pending: Pending, *, reuse: bool) -> None:
        """The same for all items of a request that `takes_at_once`, without waiting."""
        for full in self._place_all(work, pending, reuse, 0, True):
            self._send(full)

    def _place_all(
        self,
        work: Iterable[tuple[WorkItem, tuple[Work, ...]]],
        pending: Pending,
        reuse: bool,
        first: int,
        few: bool,
    ) -> Iterator[list[Batch]]:
        """Find the scores of items or places for them; yields micro-batches that are to be sent before it goes on."""
        works: dict[Work, None] = {}
        how: dict[str, int] = {"computed": 0, "joined": 0, "cached": 0}
        full: list[Batch] = []
        same: tuple[Work, ...] = ()
        for index, (item, needed) in enumerate(work, first):
            codec.encode_into(item, self._encoded)
            for one in needed:
                if needed is not same:
                    works[one] = None
                how[self._place(pending, index, item, one, reuse, full)] += 1
            same = needed
            if len(full) >= _SEND_AT_ONCE:
                yield full
                full = []
        for one in works:
            # A program or a judgement is worth a micro-batch of its own; behind another it would only wait.
            self._flush_later(one) if few and one.lane == CPU_LANE else self._close(one, full)
        if full:
            yield full
        for name, number in how.items():
            if number:
                self._on_reuse(name, number)

    def _place(self, pending: Pending, index: int, item: WorkItem, work: Work, reuse: bool, full: list[Batch]) -> str:
        """Find an item's scores, or a place among the open micro-batches; full ones are added to the list."""
        key = work.key(self._encoded) if reuse else None
        if key is not None:
            known = self._cache.get(key)
            if known is not None:
                pending.receive(index, known)
                return "cached"
            batch, position = self._places.get((work.priority, key), (None, 0))
            if batch is not None and _in_time(batch, pending):
                batch.join(position, Route(pending, index, True))
                self._by_pending[pending].add(batch)
                return "joined"
        batch = self._open.get(work)
        if batch is not None and batch.full(len(self._encoded)):
            self._close(work, full)
            batch = None
        if batch is None:
            batch = self._open[work] = Batch(f"{self._node}.{next(self._numbers)}", work, self._costs.limits(work))
        position = batch.add(pending.request, item, len(self._encoded), key, Route(pending, index, False))
        self._by_pending[pending].add(batch)
        if key is not None:
            self._places[(work.priority, key)] = (batch, position)
        return "computed"

    def _close(self, work: Work, full: list[Batch]) -> None:
        batch = self._open.pop(work, None)
        if batch is not None:
            full.append(batch)

    def _flush_later(self, work: Work) -> None:
        """Send the open micro-batch in a moment, with whatever others put into it until then.

        Where nothing else is under way there is nothing to wait beside; where half of the requests wait for this
        one, the others are being scored or answered, and it had better follow them at once.
        """
        batch = self._open.get(work)
        if batch is None:
            return
        requests = len(self._by_pending)
        many = len(batch.waiting) * _PARTS >= requests
        if many and len(batch.waiting) >= _ENOUGH:
            self._flush(batch)
        elif (many or not self._under_way) and batch.leaving is not Leaving.SOON:
            batch.leaving = Leaving.SOON
            asyncio.get_running_loop().call_soon(self._flush, batch)
        elif batch.leaving is Leaving.NOT:
            batch.leaving = Leaving.LATER
            wait_s = self._coalesce_s * min(1.0, requests / _MANY)
            asyncio.get_running_loop().call_later(wait_s, self._flush, batch)

    def _flush(self, batch: Batch) -> None:
        if self._open.get(batch.work) is batch:
            del self._open[batch.work]
            self._send([batch])

    def _send(self, batches: list[Batch]) -> asyncio.Task[None] | None:
        """Put micro-batches into their lanes; a task that ends once they are there, None where nobody waits for any."""
        entries: list[tuple[str, Fields]] = []
        batches = [batch for batch in batches if batch.waiting]
        payload = self._payload
        for batch in batches:
            self._under_way[batch.id] = batch
            ttl_ms = max(0, int((batch.deadline - time.monotonic()) * 1000))
            batch.encode_into(payload)
            if self._spool is not None and len(payload) >= LARGE_BYTES:
                batch.file = self._spool.put(batch.work.lane, batch.work.priority, payload)
            envelope = codec.Envelope(batch.id, self._reply, len(batch), ttl_ms, batch.file or bytes(payload))
            entries.append((self._keys.queue(batch.work.lane, batch.work.priority), envelope.fields()))
        return self._spawn(self._sent(batches, self._server.add_all(entries))) if entries else None

    async def _sent(self, batches: list[Batch], adding: Coroutine[object, object, list[bytes]]) -> None:
        """See micro-batches into their lanes; if that fails, so do all requests that wait for them."""
        try:
            ids = await adding
        except QueueUnavailable as error:
            for batch in batches:
                for pending in batch.waiting:
                    pending.fail(error)
                self._end(batch)
            return
        for batch, id_ in zip(batches, ids, strict=True):
            batch.sent(id_)

    async def _take_back(self, batches: list[Batch]) -> None:
        """Delete micro-batches that nobody waits for; those that a worker holds are answered into the void."""
        by_stream: dict[str, list[bytes]] = {}
        for batch in batches:
            if not batch.waiting:
                self._end(batch)
                if batch.stream_id is not None:
                    stream = self._keys.queue(batch.work.lane, batch.work.priority)
                    by_stream.setdefault(stream, []).append(batch.stream_id)
        try:
            for stream, ids in by_stream.items():
                await self._server.delete_entries(stream, ids)
        except QueueUnavailable as error:
            _log.warning("not_taken_back", error=str(error), batches=len(batches))

    def _end(self, batch: Batch) -> None:
        """Forget a micro-batch that is answered or given up."""
        self._under_way.pop(batch.id, None)
        if self._spool is not None and batch.file is not None:
            self._spool.drop(batch.file)
        if self._open.get(batch.work) is batch:
            del self._open[batch.work]
        for key in batch.keys:
            if key is not None and self._places.get((batch.work.priority, key), (None, 0))[0] is batch:
                del self._places[(batch.work.priority, key)]
        for pending in batch.waiting:
            self._by_pending[pending].discard(batch)

    async def _read_replies(self) -> None:
        """Read results for ever; a server that is away is tried again, a little later each time."""
        backoff = 0.0
        doubtful = False
        while True:
            try:
                await self._read_some()
                doubtful = doubtful or not await self._server_remembers()
                if doubtful:
                    await self._fail_lost()
                    doubtful = False
                backoff = 0.0
            except QueueUnavailable as error:
                doubtful = True
                backoff = min(_MAX_BACKOFF_S, backoff * 2 + 0.05)
                _log.warning("replies_unavailable", error=str(error), retry_s=round(backoff, 2))
                await asyncio.sleep(backoff * (0.5 + random()))

    async def _read_some(self, block_ms: int = _BLOCK_MS) -> bool:
        """Take the next replies; whether there were any."""
        drop = self._undropped >= _UNDROPPED
        entries = await self._server.read_on(self._reply, self._read, _REPLIES_AT_ONCE, block_ms, drop=drop)
        left = 0 if drop and self._read is not None else self._undropped
        for _, fields in entries:
            self._receive(fields)
            await asyncio.sleep(0)  # Others' turn: replies of an offline job must not delay online requests.
        if entries:
            self._read, self._undropped = entries[-1][0], left + len(entries)
        else:  # Ids may have begun anew: next time all that is there is read, once more, and dropped after it.
            self._read, self._undropped = None, _UNDROPPED if left else 0
        return bool(entries)

    async def _server_remembers(self) -> bool:
        """Whether the server still has this process's note: one that was emptied does not."""
        if time.monotonic() - self._looked < _LOOK_S:
            return True
        before, self._looked = self._looked, time.monotonic()
        return await self._server.note(self._keys.note(self._node), self._reply_ttl_s) or not before

    async def _fail_lost(self) -> None:
        """Fail the requests whose work the server has lost: their clients should send it again, not wait in vain."""
        sent = [batch for batch in self._under_way.values() if batch.stream_id is not None]
        gone: list[Batch] = []
        for start in range(0, len(sent), _CHECK_AT_ONCE):
            some = sent[start : start + _CHECK_AT_ONCE]
            places = [(self._keys.queue(b.work.lane, b.work.priority), b.stream_id or b"") for b in some]
            found = await self._server.exist(places)
            gone += [batch for batch, there in zip(some, found, strict=True) if not there]
        self._read, self._undropped = None, _UNDROPPED
        while await self._read_some(1):  # What is answered is gone from its queue too.
            pass
        lost = [batch for batch in gone if batch.id in self._under_way]
        if lost:
            _log.error("work_lost", batches=len(lost))
        for batch in lost:
            self._lose(batch, "the server came back without this work")

    def _lose(self, batch: Batch, why: str) -> None:
        for pending in batch.waiting:
            pending.fail(QueueUnavailable(why, Reason.LOST))
        self._end(batch)

    def _receive(self, fields: dict[bytes, bytes]) -> None:
        batch = self._under_way.get(fields[b"batch"].decode())
        if batch is None:
            return
        if not fields[b"payload"]:
            self._lose(batch, "the file with this work is gone")
            return
        queue_ms = float(fields[b"queue_ms"])
        for pending in batch.waiting:
            pending.queue_ms = max(pending.queue_ms, queue_ms)
        answered = codec.decode_scores(fields[b"payload"])
        self._costs.learn(batch.work, answered)
        for scores in answered:
            self._deliver(batch, scores)
        if not any(batch.routes):
            self._end(batch)

    def _deliver(self, batch: Batch, scores: codec.ItemScores) -> None:
        routes, batch.routes[scores.index] = batch.routes[scores.index], []
        key = batch.keys[scores.index]
        if key is not None and routes:
            self._cache.put(key, scores.components)
            self._places.pop((batch.work.priority, key), None)
        shared = as_cached(scores.components) if len(routes) > 1 else scores.components
        for route in routes:
            route.pending.receive(route.item, shared if route.joined else scores.components)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _in_time(batch: Batch, pending: Pending) -> bool:
    """Whether a request may wait for a micro-batch of others: one under way expires when they said."""
    now = time.monotonic()
    return batch.stream_id is None or batch.deadline - now >= _TIME_TO_JOIN * (pending.deadline - now)


async def queue_state(server: Server, keys: Keys) -> list[tuple[str, str, int, float]]:
    """`(lane, priority, micro-batches, age of the oldest in seconds)` of every queue."""
    queues = [(lane, priority) for lane in LANES for priority in PRIORITIES]
    streams = [keys.queue(*queue) for queue in queues]
    lengths = await server.lengths(streams)
    oldest = await server.oldest(streams)
    now = time.time()
    ages = [max(0.0, now - int(id_.split(b"-")[0]) / 1000) if id_ else 0.0 for id_ in oldest]
    return [(*queue, length, age) for queue, length, age in zip(queues, lengths, ages, strict=True)]
