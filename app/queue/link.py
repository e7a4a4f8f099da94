"""Connections for the commands that every micro-batch needs. The client library takes a tenth of a millisecond of CPU
for each, ten times what the bytes take: it opens these connections (addresses, TLS, passwords are its business), and
they are read and written here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, cast

import hiredis
from redis.asyncio.connection import DefaultParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

Command = tuple[str | int | bytes, ...]
_pack: Callable[[Command], bytes] = cast("Any", hiredis).pack_command
_TRIES = 2
"""A kept connection may have died unnoticed."""


class _Asked(NamedTuple):
    """Commands under way, and what was answered so far."""

    done: asyncio.Future[list[Any]]
    number: int
    replies: list[Any]
    timer: asyncio.TimerHandle


class _Link(asyncio.Protocol):
    """One connection; what several callers ask at once is answered in order."""

    def __init__(self, connection: Any) -> None:
        """Take over a connection that the client library has opened."""
        self._asked: deque[_Asked] = deque()
        self._reader = hiredis.Reader(replyError=cast("Any", DefaultParser).parse_error)
        self._writer, connection._writer = connection._writer, None
        self._transport = cast("asyncio.Transport", self._writer.transport)
        self._transport.set_write_buffer_limits(high=0)  # Nothing waits for the end of the loop's turn.
        self._transport.set_protocol(self)

    @property
    def open(self) -> bool:
        return not self._transport.is_closing()

    def ask(self, commands: Sequence[Command], timeout_s: float) -> asyncio.Future[list[Any]]:
        """Send commands in one go; a reply to each, errors among them."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Any]] = loop.create_future()
        self._asked.append(_Asked(done, len(commands), [], loop.call_later(timeout_s, self._late, timeout_s)))
        self._transport.writelines([_pack(command) for command in commands])
        return done

    def close(self) -> None:
        self._end(RedisConnectionError("closed here"))

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                asked = self._asked[0]
                asked.replies.append(reply)
                if len(asked.replies) == asked.number:
                    self._asked.popleft()
                    asked.timer.cancel()
                    if not asked.done.done():
                        asked.done.set_result(asked.replies)
        except (hiredis.ProtocolError, IndexError) as error:
            self._end(RedisConnectionError(f"an answer that can't be read: {error!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(RedisConnectionError(f"the connection was lost: {exc or 'closed by the server'}"))

    def _late(self, timeout_s: float) -> None:
        self._end(RedisTimeoutError(f"no answer for {timeout_s:g} s"))

    def _end(self, error: Exception) -> None:
        """No answer can be told from another's any more: none of what is under way will get one."""
        self._transport.close()
        while self._asked:
            asked = self._asked.popleft()
            asked.timer.cancel()
            if not asked.done.done():
                asked.done.set_exception(error)


class Line:
    """A way to the server that is opened when it is needed, and again when it broke."""

    def __init__(self, make: Callable[[], Any], timeout_s: float) -> None:
        """`make` gives a connection of the client library, not opened."""
        self._make = make
        self._timeout_s = timeout_s
        self._link: _Link | None = None
        self._opening = asyncio.Lock()

    def ask(self, *commands: Command) -> Coroutine[Any, Any, list[Any]]:
        """Replies to commands sent in one go: at once, not when they are awaited, unless the line has to be opened.

        Raises RedisError, the first one among the replies too.
        """
        link = self._link
        sent = link.ask(commands, self._timeout_s) if link is not None and link.open else None
        return self._replies(commands, sent)

    async def _replies(self, commands: Sequence[Command], sent: asyncio.Future[list[Any]] | None) -> list[Any]:
        left = _TRIES
        while True:
            left -= 1
            try:
                replies = await (sent or (await self._opened()).ask(commands, self._timeout_s))
                break
            except RedisConnectionError:
                sent = None
                if not left:
                    raise
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    async def wait(self, *commands: Command) -> list[Any]:
        """The same, where the server may take its time: nobody else asks here, and who gives up hangs up."""
        try:
            return await self.ask(*commands)
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    async def _opened(self) -> _Link:
        if self._link is not None and self._link.open:
            return self._link
        async with self._opening:
            if self._link is None or not self._link.open:
                connection = self._make()
                await connection.connect()
                self._link = _Link(connection)
            return self._link
