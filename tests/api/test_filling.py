"""Large bodies go straight to where they stay, on either event loop, whatever comes after them or instead of them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from app.api import filling
from app.api.disconnect import ClientGone, caller_of
from app.api.protocol import BoundedProtocol

HEAD = b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
SIZE = 3 << 20
BODY = bytes(range(256)) * (SIZE // 256)
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


class Service:
    """Reads each body by `fill`, or by messages where that can't be done, and says what it met."""

    def __init__(self, stall_s: float = 10.0) -> None:
        self.stall_s = stall_s
        self.met: asyncio.Queue[tuple[str, object]] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = int(dict(scope["headers"]).get(b"content-length", b"0"))
        met = await self._read(scope, receive, declared)
        await self.met.put((scope["path"], met))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def _read(self, scope: Scope, receive: Receive, declared: int) -> object:
        caller = caller_of(scope)
        assert caller is not None
        try:
            filled = await caller.fill(scope, declared, self.stall_s)
        except (ClientGone, TimeoutError) as error:
            return type(error)
        if filled is not None:
            return bytes(filled) == BODY[:declared]
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return f"by messages: {len(body)}"


@asynccontextmanager
async def serving(service: Service) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(service, port=0, http=BoundedProtocol, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1])
    try:
        async with asyncio.timeout(30):
            yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await task


def on(loop: Callable[[], asyncio.AbstractEventLoop], drill: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await drill()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("pause_after", [0, 1, 70_000, SIZE - 1])
def test_a_body_arrives_as_it_was_sent_and_so_does_what_follows(
    loop: Callable[[], asyncio.AbstractEventLoop], pause_after: int
):
    async def drill() -> None:
        service = Service()
        async with serving(service) as (reader, writer):
            for path in (b"/first", b"/second"):
                writer.write(HEAD % (path, SIZE) + BODY[:pause_after])
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.write(BODY[pause_after:])
                await reader.readuntil(b"\r\n\r\nok")
                assert await service.met.get() == (path.decode(), True)

    on(loop, drill)


@pytest.mark.parametrize("loop", LOOPS)
def test_room_is_made_as_the_body_comes(loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(filling, "_AT_ONCE", 100_000)

    async def drill() -> None:
        service = Service()
        async with serving(service) as (reader, writer):
            for path, size in ((b"/first", SIZE), (b"/second", SIZE - 1)):
                writer.write(HEAD % (path, size) + BODY[:size])
                await reader.readuntil(b"\r\n\r\nok")
                assert await service.met.get() == (path.decode(), True)

    on(loop, drill)


@pytest.mark.parametrize("loop", LOOPS)
def test_requests_that_are_sent_at_once_are_kept_apart(loop: Callable[[], asyncio.AbstractEventLoop]):
    async def drill() -> None:
        service = Service()
        async with serving(service) as (reader, writer):
            paths = ["/a", "/b", "/c", "/d"]
            sizes = [SIZE, 2, SIZE - 7, 100_000]
            for path, size in zip(paths, sizes, strict=True):
                writer.write(HEAD % (path.encode(), size) + BODY[:size])
            for path, size in zip(paths, sizes, strict=True):
                await reader.readuntil(b"\r\n\r\nok")
                assert await service.met.get() in ((path, True), (path, f"by messages: {size}"))

    on(loop, drill)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_leaves_in_the_middle_is_gone(loop: Callable[[], asyncio.AbstractEventLoop]):
    async def drill() -> None:
        service = Service()
        async with serving(service) as (_, writer):
            writer.write(HEAD % (b"/", SIZE) + BODY[:1_000_000])
            await writer.drain()
            writer.close()
            assert await service.met.get() == ("/", ClientGone)

    on(loop, drill)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_body_that_stalls_ends_its_connection_once_that_is_answered(loop: Callable[[], asyncio.AbstractEventLoop]):
    async def drill() -> None:
        service = Service(stall_s=0.2)
        async with serving(service) as (reader, writer):
            writer.write(HEAD % (b"/", SIZE) + BODY[:1_000_000])
            assert (await reader.read()).endswith(b"ok")
            assert await service.met.get() == ("/", TimeoutError)

    on(loop, drill)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_waits_to_be_told_to_go_on_is_told(loop: Callable[[], asyncio.AbstractEventLoop]):
    async def drill() -> None:
        service = Service()
        async with serving(service) as (reader, writer):
            writer.write((HEAD % (b"/", SIZE)).replace(b"\r\n\r\n", b"\r\nexpect: 100-continue\r\n\r\n"))
            await reader.readuntil(b"100 Continue\r\n\r\n")
            writer.write(BODY)
            await reader.readuntil(b"\r\n\r\nok")
            assert await service.met.get() == ("/", f"by messages: {SIZE}")

    on(loop, drill)
