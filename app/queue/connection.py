"""Connections to the queue's server, and the one place where its client library's loose types end."""

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_CONNECT_TIMEOUT_S = 5.0
_HEALTH_CHECK_S = 15
Fields = Mapping[str, str | int | bytes]
Command = tuple[str | int | bytes, ...]
Entry = tuple[bytes, dict[bytes, bytes]]
"""Id and fields of a stream entry."""


class QueueUnavailable(Exception):
    """The queue's server is away, refuses, or is full. The message says which."""


@asynccontextmanager
async def unavailable_as_error() -> "AsyncGenerator[None]":
    """Turn the client library's errors into QueueUnavailable."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise QueueUnavailable(f"{type(error).__name__}: {error}") from error


class Server:
    """The commands that the queue needs, typed. All raise QueueUnavailable."""

    def __init__(self, url: str) -> None:
        client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            socket_connect_timeout=_CONNECT_TIMEOUT_S,
            health_check_interval=_HEALTH_CHECK_S,
            retry=Retry(NoBackoff(), 1),
        )
        self.url = url
        self._redis: Any = client

    async def close(self) -> None:
        await self._redis.aclose()

    async def ping(self) -> None:
        async with unavailable_as_error():
            await self._redis.ping()

    async def version(self) -> str:
        async with unavailable_as_error():
            info = await self._redis.info("server")
        return str(info.get("valkey_version") or info["redis_version"])

    async def execute(self, commands: Sequence[Command], *, atomic: bool = True) -> list[Any]:
        """Several commands in one round trip, all or none unless not `atomic`; their replies."""
        async with unavailable_as_error():
            pipe = self._redis.pipeline(transaction=atomic)
            for command in commands:
                pipe.execute_command(*command)
            return cast("list[Any]", await pipe.execute(raise_on_error=atomic))

    async def script(self, text: str, keys: Sequence[str], arguments: Sequence[str | int | bytes]) -> bytes:
        """Run a script inside the server; what it returns."""
        async with unavailable_as_error():
            return await self._redis.execute_command("EVAL", text, len(keys), *keys, *arguments)

    async def create_group(self, stream: str, group: str) -> None:
        """Make the stream and its consumer group unless they are there."""
        async with unavailable_as_error():
            try:
                await self._redis.xgroup_create(stream, group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def add_all(self, entries: Sequence[tuple[str, Fields]]) -> list[bytes]:
        """Append entries to streams, all or none; their ids."""
        async with unavailable_as_error():
            pipe = self._redis.pipeline(transaction=True)
            for stream, fields in entries:
                pipe.xadd(stream, fields)
            return cast("list[bytes]", await pipe.execute())

    async def lengths(self, streams: list[str]) -> list[int]:
        """Number of entries in each stream."""
        async with unavailable_as_error():
            pipe = self._redis.pipeline(transaction=False)
            for stream in streams:
                pipe.xlen(stream)
            return cast("list[int]", await pipe.execute())

    async def oldest(self, streams: list[str]) -> list[bytes | None]:
        """Id of the oldest entry of each stream, None where empty."""
        async with unavailable_as_error():
            pipe = self._redis.pipeline(transaction=False)
            for stream in streams:
                pipe.xrange(stream, count=1)
            return [entries[0][0] if entries else None for entries in await pipe.execute()]

    async def read(self, stream: str, after: bytes | str, count: int, block_ms: int) -> list[Entry]:
        """Entries after an id, waiting for the first."""
        async with unavailable_as_error():
            found = await self._redis.xread({stream: after}, count=count, block=block_ms)
        return _entries(found)

    async def read_group(
        self, streams: list[str], group: str, consumer: str, count: int, block_ms: int | None
    ) -> list[tuple[str, Entry]]:
        """New entries of several streams for one consumer; waits for the first unless `block_ms` is None.

        Raises GroupMissing where a stream or its group is gone (the server lost its data).
        """
        async with unavailable_as_error():
            try:
                found = await self._redis.xreadgroup(
                    group, consumer, dict.fromkeys(streams, ">"), count=count, block=block_ms
                )
            except ResponseError as error:
                if str(error).startswith("NOGROUP"):
                    raise GroupMissing from error
                raise
        return _by_stream(found)

    async def drop(self, stream: str, through: bytes) -> None:
        """Delete the entries of a stream up to and with an id."""
        async with unavailable_as_error():
            await self._redis.xtrim(stream, minid=after(through), approximate=False)

    async def expire(self, key: str, seconds: int) -> None:
        async with unavailable_as_error():
            await self._redis.expire(key, seconds)

    async def claim_abandoned(self, stream: str, group: str, consumer: str, idle_ms: int, count: int) -> list[Entry]:
        """Take over entries whose consumer has not renewed them for so long."""
        async with unavailable_as_error():
            _, entries, *_ = await self._redis.xautoclaim(stream, group, consumer, idle_ms, count=count)
        return [(id_, fields) for id_, fields in entries if fields]

    async def renew(self, stream: str, group: str, consumer: str, ids: list[bytes]) -> None:
        """Reset the idle time of entries that the consumer holds."""
        async with unavailable_as_error():
            await self._redis.xclaim(stream, group, consumer, 0, ids, justid=True)

    async def deliveries(self, stream: str, group: str, id_: bytes) -> int:
        """How often an entry was delivered."""
        async with unavailable_as_error():
            pending = await self._redis.xpending_range(stream, group, id_, id_, 1)
        return int(pending[0]["times_delivered"]) if pending else 0

    async def answer(
        self,
        replies: Sequence[tuple[str, Fields]],
        done: Sequence[tuple[str, str, bytes]],
        reply_ttl_s: int | None,
        dead: tuple[str, Fields, int] | None = None,
    ) -> None:
        """Append replies and, in the same transaction, end the entries `(stream, group, id)` that they answer.

        `reply_ttl_s` renews the life of the reply streams; None for streams that live for good.
        """
        async with unavailable_as_error():
            pipe = self._redis.pipeline(transaction=True)
            for stream, fields in replies:
                pipe.xadd(stream, fields)
            for stream in {stream for stream, _ in replies} if reply_ttl_s is not None else ():
                pipe.expire(stream, reply_ttl_s)
            for stream, group, id_ in done:
                pipe.xack(stream, group, id_)
                pipe.xdel(stream, id_)
            if dead is not None:
                stream, fields, most = dead
                pipe.xadd(stream, fields, maxlen=most, approximate=True)
            await pipe.execute()

    async def entries(self, stream: str, count: int) -> list[Entry]:
        """The newest entries of a stream, newest first."""
        async with unavailable_as_error():
            return [(id_, fields) for id_, fields in await self._redis.xrevrange(stream, count=count)]

    async def entry(self, stream: str, id_: str) -> Entry | None:
        async with unavailable_as_error():
            try:
                found = await self._redis.xrange(stream, id_, id_)
            except ResponseError as error:
                if "Invalid stream ID" in str(error):
                    return None
                raise
        return (found[0][0], found[0][1]) if found else None

    async def delete_entries(self, stream: str, ids: list[bytes]) -> int:
        """Number of entries that were there to delete."""
        async with unavailable_as_error():
            return int(await self._redis.xdel(stream, *ids)) if ids else 0

    async def announce(self, index: str, member: str, key: str, value: str, ttl_ms: int) -> None:
        """Say that a member of an index is alive for so long."""
        async with unavailable_as_error():
            pipe = self._redis.pipeline(transaction=False)
            pipe.sadd(index, member)
            pipe.set(key, value, px=ttl_ms)
            await pipe.execute()

    async def withdraw(self, index: str, member: str, key: str) -> None:
        async with unavailable_as_error():
            await self._redis.srem(index, member)
            await self._redis.delete(key)

    async def members(self, index: str) -> list[str]:
        async with unavailable_as_error():
            found = await self._redis.smembers(index)
        return sorted(member.decode() for member in found)

    async def values(self, keys: list[str]) -> list[bytes | None]:
        async with unavailable_as_error():
            return cast("list[bytes | None]", await self._redis.mget(keys)) if keys else []

    async def forget_members(self, index: str, members: list[str]) -> None:
        if members:
            async with unavailable_as_error():
                await self._redis.srem(index, *members)


class GroupMissing(Exception):
    """A stream or its consumer group is not there; create it and read again."""


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
