"""Connections to the queue's server, and the one place where its client library's loose types end."""

from collections.abc import Coroutine, Mapping, Sequence
from hashlib import sha1
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError

from app.queue import scripts
from app.queue.link import Command, Line
from app.queue.outage import unavailable_as_error
from app.settings import Settings

_CONNECT_TIMEOUT_S = 5.0
_ANSWER_TIMEOUT_S = 20.0
"""A server that is paused, forks or saves answers within seconds; one that does not by then is taken as away."""
_SIZE_SAMPLES = 16
"""Entries that are looked at to guess the size of a stream."""
Fields = Mapping[str, str | int | bytes]
Entry = tuple[bytes, dict[bytes, bytes]]
"""Id and fields of a stream entry."""


class Server:
    """The commands that the queue needs, typed. All raise QueueUnavailable."""

    def __init__(self, url: str, tls: Mapping[str, str] | None = None) -> None:
        """`tls` are the client library's `ssl_…` options, for `rediss://` addresses."""
        client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            **(tls or {}),  # pyright: ignore[reportArgumentType]
            socket_connect_timeout=_CONNECT_TIMEOUT_S,
            socket_timeout=_ANSWER_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),  # A kept connection may have died unnoticed.
        )
        self.url = url
        self._redis: Any = client
        self._line = Line(self._redis.connection_pool.make_connection, _ANSWER_TIMEOUT_S)
        self._waiting: dict[str, Line] = {}
        """By stream: who waits for its next entry has a line of its own."""
        self._forget: Any = self._redis.register_script(scripts.FORGET_CONSUMERS)

    @classmethod
    def of(cls, settings: Settings) -> "Server":
        """The server that the settings name."""
        files = {
            "ssl_ca_certs": settings.redis_ca_file,
            "ssl_certfile": settings.redis_cert_file,
            "ssl_keyfile": settings.redis_key_file,
        }
        url = settings.server_url
        tls = {name: str(path) for name, path in files.items() if path is not None}
        return cls(url, tls if url.startswith("rediss:") else None)

    async def close(self) -> None:
        for line in (self._line, *self._waiting.values()):
            line.close()
        await self._redis.aclose()

    def _line_to(self, stream: str) -> Line:
        if stream not in self._waiting:
            self._waiting[stream] = Line(self._redis.connection_pool.make_connection, _ANSWER_TIMEOUT_S)
        return self._waiting[stream]

    async def ping(self) -> None:
        with unavailable_as_error:
            await self._redis.ping()

    async def version(self) -> str:
        with unavailable_as_error:
            info = await self._redis.info("server")
        return str(info.get("valkey_version") or info["redis_version"])

    async def execute(self, commands: Sequence[Command], *, atomic: bool = True) -> list[Any]:
        """Several commands in one round trip, all or none unless not `atomic`; their replies."""
        with unavailable_as_error:
            pipe = self._redis.pipeline(transaction=atomic)
            for command in commands:
                pipe.execute_command(*command)
            return cast("list[Any]", await pipe.execute(raise_on_error=atomic))

    async def script(self, text: str, keys: Sequence[str], arguments: Sequence[str | int | bytes]) -> bytes:
        """Run a script inside the server; what it returns."""
        with unavailable_as_error:
            return await self._redis.execute_command("EVAL", text, len(keys), *keys, *arguments)

    async def create_group(self, stream: str, group: str) -> None:
        """Make the stream and its consumer group unless they are there."""
        with unavailable_as_error:
            try:
                await self._redis.xgroup_create(stream, group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    def add_all(self, entries: Sequence[tuple[str, Fields]]) -> Coroutine[Any, Any, list[bytes]]:
        """Append entries to streams, all or none; their ids. They are on their way before this is awaited."""
        adds = [("XADD", stream, "*", *_flat(fields)) for stream, fields in entries]
        asked = self._line.ask(*adds) if len(adds) == 1 else self._line.ask(("MULTI",), *adds, ("EXEC",))
        return self._added(asked, len(adds))

    async def _added(self, asked: Coroutine[Any, Any, list[Any]], number: int) -> list[bytes]:
        with unavailable_as_error:
            replies = await asked
        return cast("list[bytes]", replies if number == 1 else replies[-1])

    async def lengths(self, streams: list[str]) -> list[int]:
        """Number of entries in each stream."""
        with unavailable_as_error:
            pipe = self._redis.pipeline(transaction=False)
            for stream in streams:
                pipe.xlen(stream)
            return cast("list[int]", await pipe.execute())

    async def sizes(self, streams: list[str]) -> list[tuple[int, int]]:
        """`(entries, about how many bytes of memory)` of each stream."""
        commands: list[Command] = []
        for stream in streams:
            commands += [("XLEN", stream), ("MEMORY", "USAGE", stream, "SAMPLES", _SIZE_SAMPLES)]
        with unavailable_as_error:
            found = await self._line.ask(*commands)
        return [(int(found[n]), int(found[n + 1] or 0)) for n in range(0, len(found), 2)]

    async def exist(self, entries: Sequence[tuple[str, bytes]]) -> list[bool]:
        """Which of these `(stream, id)` there are, without reading them."""
        flat: list[str | int | bytes] = [part for _, id_ in entries for part in (id_,)]
        found = await self.script(_EXIST, [stream for stream, _ in entries], flat)
        return [sign == ord("1") for sign in found]

    async def note(self, key: str, ttl_s: int) -> bool:
        """Leave a note; whether it was there."""
        [before] = await self.execute([("SET", key, "1", "EX", ttl_s, "GET")])
        return before is not None

    async def oldest(self, streams: list[str]) -> list[bytes | None]:
        """Id of the oldest entry of each stream, None where empty."""
        with unavailable_as_error:
            pipe = self._redis.pipeline(transaction=False)
            for stream in streams:
                pipe.xrange(stream, count=1)
            return [entries[0][0] if entries else None for entries in await pipe.execute()]

    async def read(self, stream: str, after: bytes | str, count: int, block_ms: int) -> list[Entry]:
        """Entries after an id, waiting for the first."""
        with unavailable_as_error:
            found = await self._redis.xread({stream: after}, count=count, block=block_ms)
        return _entries(found)

    async def read_on(self, stream: str, read: bytes | None, count: int, block_ms: int, *, drop: bool) -> list[Entry]:
        """The entries of a stream behind those that were read, up to and with an id, waiting for one.

        `drop`: those are deleted, and the oldest that are left are read. Only so is everything found that is there,
        whatever the server's clock does to ids; but the answer to the deletion comes first, and wakes two processes.
        """
        drops: list[Command] = [("XTRIM", stream, "MINID", after(read))] if drop and read is not None else []
        start = "0" if drop or read is None else read
        wait: Command = ("XREAD", "COUNT", count, "BLOCK", block_ms, "STREAMS", stream, start)
        with unavailable_as_error:
            return [entry for _, entry in _read(await self._line_to(stream).wait(*drops, wait))]

    async def read_group(
        self, streams: list[str], group: str, consumer: str, count: int, block_ms: int | None
    ) -> list[tuple[str, Entry]]:
        """New entries of several streams for one consumer; waits for the first unless `block_ms` is None.

        Raises GroupMissing where a stream or its group is gone (the server lost its data).
        """
        block: Command = () if block_ms is None else ("BLOCK", block_ms)
        command = ("XREADGROUP", "GROUP", group, consumer, "COUNT", count, *block, "STREAMS", *streams)
        with unavailable_as_error:
            try:
                found = await self._line_to(",".join(streams)).wait((*command, *(">" for _ in streams)))
            except ResponseError as error:
                if str(error).startswith("NOGROUP"):
                    raise GroupMissing from error
                raise
        return _read(found)

    async def claim_abandoned(self, stream: str, group: str, consumer: str, idle_ms: int, count: int) -> list[Entry]:
        """Take over entries whose consumer has not renewed them for so long."""
        with unavailable_as_error:
            _, entries, *_ = await self._redis.xautoclaim(stream, group, consumer, idle_ms, count=count)
        return [(id_, fields) for id_, fields in entries if fields]

    async def renew(self, stream: str, group: str, consumer: str, ids: list[bytes]) -> None:
        """Reset the idle time of entries that the consumer holds."""
        with unavailable_as_error:
            await self._redis.xclaim(stream, group, consumer, 0, ids, justid=True)

    async def deliveries(self, stream: str, group: str, id_: bytes) -> int:
        """How often an entry was delivered."""
        with unavailable_as_error:
            pending = await self._redis.xpending_range(stream, group, id_, id_, 1)
        return int(pending[0]["times_delivered"]) if pending else 0

    async def time_ms(self) -> float:
        """The server's clock, in milliseconds since the epoch."""
        with unavailable_as_error:
            seconds, microseconds = await self._redis.time()
        return seconds * 1000 + microseconds / 1000

    async def answer(
        self,
        group: str,
        done: Sequence[tuple[str, bytes]],
        replies: Sequence[tuple[str, Fields]],
        *,
        reply_ttl_s: int | None = None,
        most: int | None = None,
    ) -> None:
        """End entries `(stream, id)` of a group and append what answers them, all or none, even on a full server.

        `reply_ttl_s` renews the life of the streams appended to; None for streams that live for good. `most` bounds
        their lengths.
        """
        keys = [stream for stream, _ in done] + [stream for stream, _ in replies]
        values: list[str | int | bytes] = [group, len(done), reply_ttl_s or 0, most or 0, *(id_ for _, id_ in done)]
        for _, fields in replies:
            values.append(2 * len(fields))
            values.extend(part for pair in fields.items() for part in pair)
        with unavailable_as_error:
            try:
                await self._line.ask(("EVALSHA", _ANSWER_SHA, len(keys), *keys, *values))
            except NoScriptError:
                await self._line.ask(("EVAL", scripts.ANSWER, len(keys), *keys, *values))

    async def forget_consumers(self, stream: str, group: str, idle_ms: int, name: str = "") -> None:
        """Delete consumers that hold nothing and have not read for so long; `name`: that one alone."""
        with unavailable_as_error:
            await self._forget(keys=[stream], args=[group, idle_ms, name])

    async def consumers(self, stream: str, group: str) -> list[str]:
        """Names of a group's consumers."""
        with unavailable_as_error:
            return [about["name"].decode() for about in await self._redis.xinfo_consumers(stream, group)]

    async def set_max_memory(self, limit: int) -> None:
        """Bound the server's memory, in bytes; 0: no bound."""
        with unavailable_as_error:
            await self._redis.config_set("maxmemory", limit)

    async def entries(self, stream: str, count: int) -> list[Entry]:
        """The newest entries of a stream, newest first."""
        with unavailable_as_error:
            return [(id_, fields) for id_, fields in await self._redis.xrevrange(stream, count=count)]

    async def entry(self, stream: str, id_: str) -> Entry | None:
        with unavailable_as_error:
            try:
                found = await self._redis.xrange(stream, id_, id_)
            except ResponseError as error:
                if "Invalid stream ID" in str(error):
                    return None
                raise
        return (found[0][0], found[0][1]) if found else None

    async def delete_entries(self, stream: str, ids: list[bytes]) -> int:
        """Number of entries that were there to delete."""
        with unavailable_as_error:
            return int(await self._redis.xdel(stream, *ids)) if ids else 0

    async def announce(self, index: str, member: str, key: str, value: str, ttl_ms: int) -> None:
        """Say that a member of an index is alive for so long."""
        with unavailable_as_error:
            pipe = self._redis.pipeline(transaction=False)
            pipe.sadd(index, member)
            pipe.set(key, value, px=ttl_ms)
            await pipe.execute()

    async def withdraw(self, index: str, member: str, key: str) -> None:
        with unavailable_as_error:
            await self._redis.srem(index, member)
            await self._redis.delete(key)

    async def members(self, index: str) -> list[str]:
        with unavailable_as_error:
            found = await self._redis.smembers(index)
        return sorted(member.decode() for member in found)

    async def values(self, keys: list[str]) -> list[bytes | None]:
        with unavailable_as_error:
            return cast("list[bytes | None]", await self._redis.mget(keys)) if keys else []

    async def forget_members(self, index: str, members: list[str]) -> None:
        if members:
            with unavailable_as_error:
                await self._redis.srem(index, *members)


_ANSWER_SHA = sha1(scripts.ANSWER.encode(), usedforsecurity=False).hexdigest()
_EXIST = """
local found = {}
for i = 1, #KEYS do
  found[i] = #redis.call('XRANGE', KEYS[i], ARGV[i], ARGV[i]) == 0 and '0' or '1'
end
return table.concat(found)
"""


class GroupMissing(Exception):
    """A stream or its consumer group is not there; create it and read again."""


def _flat(fields: Fields) -> list[str | int | bytes]:
    return [part for pair in fields.items() for part in pair]


def _read(replies: list[Any]) -> list[tuple[str, Entry]]:
    """Entries with their stream, of the last reply."""
    found = replies[-1] or ()
    pairs = found.items() if isinstance(found, dict) else found  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return [
        (stream.decode(), (id_, dict(zip(flat[::2], flat[1::2], strict=True))))
        for stream, entries in cast("Any", pairs)
        for id_, flat in entries
        if flat is not None  # Deleted since; a worker's own reading of new ones never meets that.
    ]


def _by_stream(found: Any) -> list[tuple[str, Entry]]:
    """Entries with their stream, whichever protocol version shaped the reply."""
    pairs = found.items() if isinstance(found, dict) else found or []  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    result: list[tuple[str, Entry]] = []
    for stream, groups in cast("Any", pairs):
        entries = groups[0] if groups and isinstance(groups[0], list) else groups
        result.extend((stream.decode(), (entry[0], entry[1])) for entry in entries)
    return result


def _entries(found: Any) -> list[Entry]:
    return [entry for _, entry in _by_stream(found)]


def after(id_: bytes) -> bytes:
    """The smallest id above this one."""
    milliseconds, _, sequence = id_.partition(b"-")
    return b"%s-%d" % (milliseconds, int(sequence) + 1)
