"""The rest of a large body, read by the kernel to where it stays: no parser, and no copy on the way."""

import asyncio
from collections.abc import Callable

from app.api.spare import spare

_AT_ONCE = 16 << 20
"""Room made before anything has come; a client that only says that it sends more gets no more."""


class Filling(asyncio.BufferedProtocol):
    """Takes a connection over from its protocol until so many bytes have come."""

    def __init__(
        self, first: bytes | bytearray, size: int, protocol: asyncio.Protocol, stop: Callable[[], None]
    ) -> None:
        """`first` are those that are here already, fewer than `size`; `stop` has the connection read no more."""
        self.body = spare.take(max(len(first), min(size, _AT_ONCE)))
        self.body[: len(first)] = first
        self._size = size
        self._got = len(first)
        self._view = memoryview(self.body)
        self._protocol = protocol
        self._done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._stop = stop

    async def filled(self, stall_s: float) -> bool:
        """Wait for the last byte; False where the connection is closed before. Raises TimeoutError where none came for
        so long."""
        while True:
            before = self._got
            done, _ = await asyncio.wait([self._done], timeout=stall_s)
            if done:
                return self._done.result()
            if self._got == before:
                raise TimeoutError

    def release(self) -> None:
        """No more is read here."""
        self._view.release()

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._got == len(self.body):
            self._view.release()
            self.body += bytes(min(self._got, self._size - self._got))
            self._view = memoryview(self.body)
        return self._view[self._got :]

    def buffer_updated(self, nbytes: int) -> None:
        self._got += nbytes
        if self._got == self._size:
            self._stop()
            if not self._done.done():
                self._done.set_result(True)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def eof_received(self) -> None:
        """The connection is closed, as uvicorn's protocol has it."""

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(False)
        self._protocol.connection_lost(exc)
