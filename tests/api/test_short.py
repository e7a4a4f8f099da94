"""Requests on the short way are answered as on the ordinary one, byte for byte, and nothing of them stays behind."""

import asyncio
import json
import random
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.app import create
from app.api.auth import hashed
from app.api.state import State
from app.queue import codec, room
from app.queue.clock import ServerClock
from app.queue.codec import ComponentScore, ItemScores
from app.queue.connection import Server
from app.queue.consumer import Answer, Consumer, Task
from app.queue.keys import Keys
from app.queue.spool import load
from app.settings import Settings
from app.status import Status
from tests.queue.test_outages import Machine

WAIT_S = 20
ITEM = {"completion": "<answer>7</answer>", "reference": {"kind": "math", "answer": "7"}}
JSON = "application/json"
MSGPACK = "application/msgpack"
ORDINARY = {"content-encoding": "identity"}
"""A header that changes nothing but the way."""


class Recorded:
    """The service's application; it says what came to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen += scope["type"] == "http"
        await self._app(scope, receive, send)


class Worker:
    """Answers what is in the queue, once it may: scores that only depend on the items."""

    def __init__(self, server: Server, settings: Settings) -> None:
        self._consumer = Consumer(
            server,
            Keys(settings.namespace),
            "w",
            "cpu",
            ServerClock(),
            max_deliveries=2,
            reply_ttl_s=60,
            lease_s=60,
        )
        self.may = asyncio.Event()
        self.may.set()

    async def run(self) -> None:
        await self._consumer.create_groups()
        while True:
            await self.may.wait()
            for task in await self._consumer.take("online", 8, 5):
                await self.may.wait()
                await self._consumer.answer([_answer(task)])


def _answer(task: Task) -> Answer:
    batch = codec.decode_batch(load(task.envelope.payload))
    scores = [ItemScores(e.index, [(c.index, _score(e.item)) for c in batch.components]) for e in batch.entries]
    return Answer(task, codec.encode(scores), 1.5, True)


def _score(item: codec.WorkItem) -> ComponentScore:
    if "undecided" in item.completion:
        return ComponentScore.of(None, Status.UNDECIDED, {"detail": "who knows"}, 7)
    return ComponentScore.of(float("7" in item.completion), Status.OK, {"seen": item.completion[:5]}, 7)


class Running:
    """A service that runs, and what a test needs to know of it."""

    def __init__(self, port: int, app: Recorded, state: State, worker: Worker, server: uvicorn.Server) -> None:
        self.port = port
        self.app = app
        self.state = state
        self.worker = worker
        self.server = server
        self._clients: list[Client] = []

    async def connect(self) -> "Client":
        self._clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self._clients[-1]

    def close(self) -> None:
        for client in self._clients:
            client.close()

    async def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        client = await self.connect()
        client.send(request(body, **headers))
        answer = await client.answer()
        client.close()
        return answer

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not what():
                await asyncio.sleep(0.005)

    @property
    def in_flight(self) -> int:
        return self.state.dispatcher.in_flight

    async def counted(self, status: int) -> float:
        found = self.state.metrics
        found.expose()
        return (
            found.registry.get_sample_value("assay_requests_total", {"route": "/v1/score", "status": str(status)})
            or 0.0
        )


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(WAIT_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            return int(head[0].split()[1]), headers, await self._reader.readexactly(int(headers["content-length"]))

    async def whatever(self, within_s: float) -> tuple[bytes, bool]:
        """Status lines of all that comes before nothing has come for so long; whether that was the end."""
        came, ended = b"", False
        with suppress(TimeoutError):
            while not ended:
                async with asyncio.timeout(within_s):
                    some = await self._reader.read(1 << 16)
                came, ended = came + some, not some
        return b"".join(line for line in came.splitlines() if line.startswith(b"HTTP/1.1 ")), ended

    async def at_end(self) -> bool:
        async with asyncio.timeout(WAIT_S):
            return await self._reader.read(1) == b""

    def close(self) -> None:
        self._writer.close()


def request(body: bytes, **headers: str) -> bytes:
    named = {"host": "x", "content-type": JSON, **{n.replace("_", "-"): v for n, v in headers.items()}}
    lines = [f"{name}: {value}" for name, value in named.items() if value]
    return "\r\n".join(["POST /v1/score HTTP/1.1", *lines, f"content-length: {len(body)}", "", ""]).encode() + body


def encoded(items: list[dict[str, Any]], rubric: Any = "r1", **options: Any) -> bytes:
    return json.dumps({"rubric": rubric, "items": items, "options": options}).encode()


@asynccontextmanager
async def serving(
    server: Server, folder: Path, warm: Mapping[str, str] = MappingProxyType({}), keep_alive_s: int = 5, **changes: Any
) -> AsyncGenerator[Running]:
    settings = Settings(data_dir=folder, log_level="error", cache_items=0, **changes)
    service = create(settings)
    app = Recorded(service.app)
    config = uvicorn.Config(
        app,
        port=0,
        http=service.protocol,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=keep_alive_s,
    )
    listening = uvicorn.Server(config)
    worker = Worker(server, settings)
    serving = asyncio.create_task(listening._serve())
    working = asyncio.create_task(worker.run())
    while not listening.started:
        await asyncio.sleep(0.005)
    state = service.protocol.keywords["state"]
    one = Running(listening.servers[0].sockets[0].getsockname()[1], app, state, worker, listening)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room, "_KNOWN_S", 3600.0)  # What the first request finds out holds for the others.
            assert (await one.post(encoded([ITEM]), **warm))[0] == 200
            app.seen = 0
            yield one
    finally:
        one.close()
        worker.may.set()
        listening.should_exit = True
        await serving
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.fixture
async def running(redis_server: Server, tmp_path: Path) -> AsyncGenerator[Running]:
    async with serving(redis_server, tmp_path) as one:
        yield one


def comparable(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, dict[str, str], bytes]:
    """Without what differs between two requests whatever way they go: times and ids."""
    status, headers, body = answer
    assert headers["x-request-id"]
    dropped = {"date", "x-request-id", "content-length"}
    text = re.sub(rb'"elapsed_ms":[\d.]+(?=\}\})|"request_id":"[^"]*"', b"", body)
    if headers["content-type"] == MSGPACK:
        text = re.sub(rb"\xaaelapsed_ms\xcb.{8}$", b"", body, flags=re.DOTALL)
    return status, {n: v for n, v in headers.items() if n not in dropped}, text


INLINE = {"components": {"a": {"reward": "format", "weight": 2}}, "scale": 0.5}
GROUPED = [{**ITEM, "group": "g"}, {**ITEM, "group": "g", "completion": "undecided"}, {**ITEM, "id": "x", "group": "h"}]
PLAIN: dict[str, tuple[bytes, dict[str, str]]] = {
    "one item": (encoded([ITEM]), {}),
    "eight items": (encoded([{**ITEM, "completion": str(n)} for n in range(8)]), {}),
    "the same item twice": (encoded([ITEM, ITEM]), {"cache_control": "no-store"}),
    "groups and an abstention": (encoded(GROUPED), {}),
    "an abstention that is a number": (encoded(GROUPED, on_abstain=0.25), {}),
    "no evidence": (encoded([ITEM], evidence="none"), {}),
    "an inline rubric": (encoded([ITEM], INLINE), {}),
    "no content type": (encoded([ITEM]), {"content_type": ""}),
    "a parameter of it": (encoded([ITEM]), {"content_type": "application/json; charset=utf-8"}),
    "msgpack": (msgspec.msgpack.encode({"items": [ITEM]}), {"content_type": MSGPACK}),
    "msgpack for JSON": (encoded([ITEM]), {"accept": MSGPACK}),
    "JSON for msgpack": (msgspec.msgpack.encode({"items": [ITEM]}), {"content_type": MSGPACK, "accept": JSON}),
    "any answer": (encoded([ITEM]), {"accept": "*/*"}),
    "an id": (encoded([ITEM]), {"x_request_id": "mine"}),
    "an id that is none": (encoded([ITEM]), {"x_request_id": "not mine!"}),
    "a deadline that passes": (encoded([{**ITEM, "language": "en"}], deadline_ms=1), {}),
    "the last request": (encoded([ITEM]), {"connection": "close"}),
    "a kept connection": (encoded([ITEM]), {"connection": "keep-alive"}),
    "60 KiB": (encoded([{**ITEM, "completion": "x" * 60_000}]), {}),
    "a conversation": (encoded([{"completion": [{"role": "assistant", "content": "7"}]}]), {}),
}
OTHER: dict[str, tuple[bytes, dict[str, str]]] = {
    "no items": (encoded([]), {}),
    "nine items": (encoded([ITEM] * 9), {}),
    "70 KiB": (encoded([{**ITEM, "completion": "x" * 70_000}]), {}),
    "lines": (encoded([ITEM]), {"accept": "application/x-ndjson"}),
    "no JSON": (b"{", {}),
    "nothing": (b"", {}),
    "no object": (b"[1]", {}),
    "an unknown field": (encoded([{**ITEM, "x": 1}]), {}),
    "an unknown rubric": (encoded([ITEM], "nosuch"), {}),
    "a rubric of no reward": (encoded([ITEM], {"components": {"a": {"reward": "nosuch"}}}), {}),
    "an unknown type": (encoded([ITEM]), {"content_type": "text/html"}),
    "JSON by the name of msgpack": (encoded([ITEM]), {"content_type": MSGPACK}),
    "an unknown encoding": (encoded([ITEM]), {"content_encoding": "br"}),
    "100-continue": (encoded([ITEM]), {"expect": "100-continue"}),
    "a group reward": (
        encoded([ITEM], {"components": {"a": {"reward": "format"}, "b": {"reward": "group/advantage"}}}),
        {},
    ),
}


@pytest.mark.parametrize("name", PLAIN)
async def test_plain_requests_are_answered_as_on_the_ordinary_way(running: Running, name: str):
    body, headers = PLAIN[name]
    if "deadline" in name:
        running.worker.may.clear()
    parsed = await running.post(body, **headers)
    known = await running.post(body, **headers)
    assert running.app.seen == 0
    ordinary = await running.post(body, **headers, **ORDINARY)
    assert running.app.seen == 1
    assert comparable(parsed) == comparable(known) == comparable(ordinary)
    assert parsed[0] == 200
    assert (await running.counted(200), running.in_flight, running.state.inbound.held) == (4, 0, 0)


@pytest.mark.parametrize("name", OTHER)
async def test_the_rest_goes_the_ordinary_way(running: Running, name: str):
    body, headers = OTHER[name]
    client = await running.connect()
    client.send(request(body, **headers))
    await running.until(lambda: running.app.seen == 1)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_a_body_is_both_ways_say_the_same(running: Running, seed: int):
    chance = random.Random(seed)
    whole = encoded([{**ITEM, "id": "i", "meta": {"a": [1, None]}}], evidence="brief", deadline_ms=30_000)
    for _ in range(60):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 4)] = chance.choice(
                [b"", b"\x00", b"\xff", b'"', b"}", b"[1e999]", b"null"]
            )
        answers = [await running.post(bytes(body), **headers) for headers in ({}, ORDINARY)]
        assert comparable(answers[0]) == comparable(answers[1]), bytes(body)
    assert running.app.seen < 120
    assert (running.in_flight, running.state.inbound.held) == (0, 0)


@pytest.mark.parametrize("before", [b"X", b"POST /v1/score HTTP/1.1\r\nhost: x\r\n", b"\x00", b"\r\n", b""])
async def test_what_the_parser_holds_comes_before_a_known_head(running: Running, before: bytes):
    answers: list[object] = []
    for headers in ({}, ORDINARY):
        client = await running.connect()
        whole = request(encoded([ITEM]), **headers)
        client.send(whole)
        assert (await client.answer())[0] == 200
        client.send(whole + before)
        answers.append(await client.whatever(0.2))
        client.send(whole)
        answers.append(await client.whatever(0.2))
    assert answers[:2] == answers[2:]


HEADS = [
    b"Content-Length: 3\r\n",
    b"content-length: 99999\r\n",
    b"X-Strength: 1\r\n",
    b"Connection: close\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Accept: application/msgpack\r\n",
    b"Cache-Control: no-store\r\n",
    b" folded\r\n",
    b"\r\n",
    b"\n",
    b"\x00",
    b"Ength: ",
    b"HTTP/1.0",
]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_a_head_is_it_says_the_same_again(running: Running, seed: int):
    chance = random.Random(seed)
    whole = request(encoded([ITEM]))
    end = whole.index(b"\r\n\r\n") + 2
    for _ in range(40):
        at = chance.choice([n for n in range(end) if whole[n - 2 : n] == b"\r\n"] + [chance.randrange(end)])
        sent = whole[:at] + chance.choice(HEADS) + whole[at + chance.choice([0, 0, 1, 8]) :]
        answers: list[object] = []
        for _ in range(3):
            client = await running.connect()
            client.send(sent)
            answers.append(await client.whatever(0.05))
            client.close()
        assert answers[0] == answers[1] == answers[2], sent
    assert running.app.seen < 120
    await running.until(lambda: (running.in_flight, running.state.inbound.held) == (0, 0))


@pytest.mark.parametrize("pause_s", [0.0, 0.005, 0.1])
async def test_a_body_may_come_after_its_head_and_in_parts(running: Running, pause_s: float):
    whole = request(encoded([ITEM]))
    client = await running.connect()
    at = whole.index(b"\r\n\r\n") + 4
    for _ in range(2):
        for part in (whole[: at - 10], whole[at - 10 : at], whole[at : at + 20], whole[at + 20 :]):
            client.send(part)
            await asyncio.sleep(pause_s)
        assert (await client.answer())[0] == 200
    assert running.app.seen == (2 if pause_s == 0.1 else 0)


async def test_requests_one_after_the_other_and_all_at_once_are_answered_in_order(running: Running):
    client = await running.connect()
    ids = [f"i{n}" for n in range(5)]
    requests = [request(encoded([{**ITEM, "id": id_}])) for id_ in ids]
    for together in (1, 5, 2):
        for start in range(0, 5, together):
            client.send(b"".join(requests[start : start + together]))
            for id_ in ids[start : start + together]:
                status, _, body = await client.answer()
                assert (status, json.loads(body)["results"][0]["id"]) == (200, id_)
    assert 0 < running.app.seen < 15


async def test_what_is_no_http_after_a_request_ends_the_connection(running: Running):
    client = await running.connect()
    client.send(request(encoded([ITEM])) + b"\x00\x01 nonsense\r\n\r\n")
    async with asyncio.timeout(WAIT_S):
        while not await client.at_end():
            pass
    await running.until(lambda: running.in_flight == 0)
    assert running.state.inbound.held == 0


async def test_who_leaves_takes_his_work_out_of_the_queue(running: Running, redis_server: Server):
    running.worker.may.clear()
    await asyncio.sleep(0.02)  # The worker's look at the queue has ended.
    client = await running.connect()
    client.send(request(encoded([ITEM])))
    await running.until(lambda: running.in_flight == 1)
    queue = running.state.keys.queue("cpu", "online")
    while not (await redis_server.lengths([queue]))[0]:
        await asyncio.sleep(0.005)
    client.close()
    await running.until(lambda: running.in_flight == 0)
    while (await redis_server.lengths([queue]))[0]:
        await asyncio.sleep(0.005)
    assert running.app.seen == 0
    assert (await running.counted(499), running.state.inbound.held) == (1, 0)


async def test_a_stop_answers_what_runs_and_closes(running: Running):
    running.worker.may.clear()
    client, idle = await running.connect(), await running.connect()
    client.send(request(encoded([ITEM])))
    await running.until(lambda: running.in_flight == 1)
    running.server.should_exit = True
    assert await idle.at_end()
    running.worker.may.set()
    status, headers, _ = await client.answer()
    assert (status, headers["connection"], running.app.seen) == (200, "close", 0)
    assert await client.at_end()


async def test_a_connection_is_closed_once_it_was_idle_for_long_enough(redis_server: Server, tmp_path: Path):
    async with serving(redis_server, tmp_path, keep_alive_s=1) as running:
        client = await running.connect()
        busy_until = asyncio.get_running_loop().time() + 2.5
        while asyncio.get_running_loop().time() < busy_until:
            client.send(request(encoded([ITEM])))
            assert (await client.answer())[0] == 200
            await asyncio.sleep(0.2)
        running.worker.may.clear()
        client.send(request(encoded([ITEM])))
        await asyncio.sleep(1.5)
        running.worker.may.set()
        assert (await client.answer())[0] == 200
        answered = asyncio.get_running_loop().time()
        assert await client.at_end()
        assert 0.9 <= asyncio.get_running_loop().time() - answered < 3
        assert running.app.seen == 0


async def test_a_stop_does_not_wait_for_ever(running: Running):
    running.worker.may.clear()
    answers = []
    for headers in ({}, ORDINARY):
        client = await running.connect()
        client.send(request(encoded([ITEM]), **headers))
        answers.append(client.answer())
    await running.until(lambda: running.in_flight == 2)
    running.server.should_exit = True
    short, ordinary = await asyncio.gather(*answers)
    for answer in (short, ordinary):
        answer[1].pop("x-request-id", None)
        answer[1].pop("date")
    assert short == ordinary
    assert short[0] == 500


async def test_bounds_hold_on_the_short_way(redis_server: Server, tmp_path: Path):
    async with serving(redis_server, tmp_path, max_requests=1) as running:
        running.worker.may.clear()
        client = await running.connect()
        client.send(request(encoded([ITEM])))
        await running.until(lambda: running.in_flight == 1)
        status, headers, body = await running.post(encoded([ITEM]))
        assert (status, headers["retry-after"], json.loads(body)["type"]) == (429, "1", "urn:assay:queue-full")
        running.worker.may.set()
        assert (await client.answer())[0] == 200


async def test_bodies_in_memory_are_bounded(redis_server: Server, tmp_path: Path):
    async with serving(redis_server, tmp_path, max_inbound_bytes=30_000) as running:
        running.worker.may.clear()
        client = await running.connect()
        large = encoded([{**ITEM, "completion": "x" * 20_000}])
        client.send(request(large))
        await running.until(lambda: running.state.inbound.held == len(large))
        status, _, body = await running.post(large)
        assert (status, json.loads(body)["type"]) == (429, "urn:assay:busy")
        running.worker.may.set()
        assert (await client.answer())[0] == 200
        await running.until(lambda: running.state.inbound.held == 0)


async def test_keys_are_asked_for_and_their_limits_hold(redis_server: Server, tmp_path: Path):
    file = tmp_path / "keys.toml"
    file.write_text(
        f'[free]\nhash = "{hashed("free")}"\n[one]\nhash = "{hashed("one")}"\nconcurrency = 1\n'
        f'[slow]\nhash = "{hashed("slow")}"\nrequests_per_s = 0.01\nburst = 2\n'
    )
    async with serving(redis_server, tmp_path, {"authorization": "Bearer free"}, api_keys_file=file) as running:
        posted = encoded([ITEM])
        assert (await running.post(posted))[0] == 401
        assert (await running.post(posted, authorization="Bearer wrong"))[0] == 401
        assert running.app.seen == 2
        for _ in range(2):
            assert (await running.post(posted, authorization="Bearer slow"))[0] == 200
        assert running.app.seen == 2
        status, _, body = await running.post(posted, authorization="Bearer slow")
        assert (status, json.loads(body)["type"]) == (429, "urn:assay:key-rate")
        running.worker.may.clear()
        client = await running.connect()
        client.send(request(posted, x_api_key="one"))
        await running.until(lambda: running.in_flight == 1)
        status, _, body = await running.post(posted, x_api_key="one")
        assert (status, json.loads(body)["type"]) == (429, "urn:assay:key-busy")
        running.worker.may.set()
        assert (await client.answer())[0] == 200
        assert (await running.post(posted, x_api_key="one"))[0] == 200
        metrics = running.state.metrics
        metrics.expose()
        counted = {
            (sample.labels["key"], sample.labels["outcome"]): sample.value
            for family in metrics.by_key.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        }
        assert counted["slow", "let in"] == counted["one", "let in"] == 2
        assert metrics.registry.get_sample_value("assay_key_items_total", {"key": "slow"}) == 2


async def test_an_outage_is_no_answer_of_zero(tmp_path: Path):
    machine = Machine(tmp_path)
    machine.boot()
    await machine.answers()
    async with serving(machine.server, tmp_path) as running:
        machine.kill()
        for headers in ({}, ORDINARY):
            status, told, body = await running.post(encoded([ITEM]), **headers)
            problem = json.loads(body)
            assert (status, told["retry-after"], told["content-type"]) == (503, "1", "application/problem+json")
            assert (problem["type"], problem["instance"]) == ("urn:assay:queue-unavailable", "/v1/score")
            assert told["x-request-id"] == problem["request_id"]
        assert (running.app.seen, running.in_flight, running.state.inbound.held) == (1, 0, 0)
    await machine.server.close()


async def test_a_stop_lets_a_body_come_whose_head_is_here(running: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.api.short._BODY_WITHIN_S", 60.0)
    client = await running.connect()
    whole = request(encoded([ITEM]))
    client.send(whole[:-5])
    connections = running.server.server_state.connections
    await running.until(lambda: any(getattr(one, "_body", None) for one in connections))
    running.server.should_exit = True
    await running.until(lambda: running.app.seen == 1)
    client.send(whole[-5:])
    status, headers, _ = await client.answer()
    assert (status, headers["connection"]) == (200, "close")
