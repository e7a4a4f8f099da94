"""Connections of a real server: who left is told at once, and an answer is one packet."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

import uvicorn
from starlette.types import Receive, Scope, Send

from app.api.disconnect import ClientGone, caller_of, while_connected
from app.api.protocol import BoundedProtocol

T = TypeVar("T")
REQUEST = b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


class Service:
    """An application that works until it is let go on, and says what became of each request."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.ended: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.go_on = asyncio.Event()
        self.bodies: list[bool] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        caller = caller_of(scope)
        assert caller is not None
        await self.begun.put(scope["path"])
        self.bodies.append(caller.body_here)
        try:
            await while_connected(scope, self._work())
        except ClientGone:
            await self.ended.put((scope["path"], "gone"))
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
        await self.ended.put((scope["path"], "answered"))

    async def _work(self) -> None:
        await self.go_on.wait()


@asynccontextmanager
async def serving(service: Service) -> AsyncGenerator[int]:
    config = uvicorn.Config(service, port=0, http=BoundedProtocol, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        service.go_on.set()
        server.should_exit = True
        await task


async def soon(queue: "asyncio.Queue[T]") -> T:
    async with asyncio.timeout(10):
        return await queue.get()


async def test_work_ends_when_its_client_leaves_and_that_of_others_goes_on():
    service = Service()
    async with serving(service) as port:
        _, leaves = await asyncio.open_connection("127.0.0.1", port)
        reader, stays = await asyncio.open_connection("127.0.0.1", port)
        for path, writer in ((b"/leaves", leaves), (b"/stays", stays)):
            writer.write(REQUEST % path)
            assert await soon(service.begun) == path.decode()
        leaves.close()
        assert await soon(service.ended) == ("/leaves", "gone")
        service.go_on.set()
        assert await soon(service.ended) == ("/stays", "answered")
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
        stays.close()


async def test_requests_are_answered_in_order_on_one_connection():
    service = Service()
    service.go_on.set()
    async with serving(service) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % b"/first" + REQUEST % b"/second" + REQUEST % b"/third")
        for path in ("/first", "/second", "/third"):
            assert await soon(service.ended) == (path, "answered")
            await reader.readuntil(b"\r\n\r\nok")
        writer.close()


async def test_a_head_and_its_body_come_in_one_read():
    service = Service()
    service.go_on.set()
    async with serving(service) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % b"/")
        assert (await reader.read(1 << 16)).endswith(b"\r\n\r\nok")
        writer.close()


async def test_whether_the_body_has_arrived_is_known():
    service = Service()
    service.go_on.set()
    async with serving(service) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % b"/whole")
        await reader.readuntil(b"\r\n\r\nok")
        head, _, body = (REQUEST % b"/part").partition(b"{")
        writer.write(head)
        await reader.readuntil(b"\r\n\r\nok")
        writer.write(b"{" + body)
        assert service.bodies == [True, False]
        writer.close()
