"""Clients that mean harm, or are broken: each is refused or left behind, and the others are served."""

import gzip
import json
import resource
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import Service

pytestmark = pytest.mark.e2e

IDLE = 10_000
BODY = {"rubric": "r1-zero", "items": [{"completion": "<think>so</think><answer>7</answer>"}]}
MSGPACK = "application/msgpack"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """A service that loses patience soon."""
    limits = {"ASSAY_STALL_S": "1.5", "ASSAY_MAX_BODY_BYTES": str(8 << 20), "ASSAY_MAX_STREAM_BYTES": str(32 << 20)}
    limits["ASSAY_MAX_INBOUND_BYTES"] = str(12 << 20)
    running = Service(tmp_path_factory.mktemp("guarded"), limits).start()
    yield running
    running.stop()


def serves(service: Service) -> bool:
    return httpx.post(f"{service.url}/v1/score", json=BODY, timeout=30).status_code == 200


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=30)


def head(*lines: str, path: str = "/v1/score") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def api_memory_mb(service: Service) -> float:
    [pid] = service.pids("app.cli api")
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


NUMBERS: list[tuple[str, Any]] = [
    (MSGPACK, {"items": [], "options": {"on_abstain": float("nan")}}),
    (MSGPACK, {"items": [], "options": {"on_abstain": float("inf")}}),
    (MSGPACK, {"items": [], "rubric": {"components": {"f": {"reward": "format", "weight": float("nan")}}}}),
    ("application/json", b'{"items": [], "options": {"on_abstain": 1e999}}'),
    ("application/json", b'{"items": [], "options": {"deadline_ms": 1' + b"0" * 5000 + b"}}"),
    ("application/json", b'{"items": [{"completion": "x", "meta": {"n": 1' + b"0" * 400 + b"}}]}"),
    ("application/json", b'{"items": [{"completion": "x", "id": ' + b"9" * 4000 + b"}]}"),
]


@pytest.mark.parametrize("path", ["/v1/score", "/v1/jobs"])
@pytest.mark.parametrize(("media", "body"), NUMBERS)
def test_numbers_that_are_none_are_refused(guarded: Service, path: str, media: str, body: Any):
    content = body if isinstance(body, bytes) else msgspec.msgpack.encode(body)
    response = httpx.post(f"{guarded.url}{path}", content=content, headers={"content-type": media})
    assert response.status_code in (400, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"


SHAPES: list[tuple[str, bytes, int]] = [
    (MSGPACK, b"\x81\xa5items\xdd\xff\xff\xff\xff", 400),
    (MSGPACK, b"\x81\xa5items\xdd\x7f\xff\xff\xff" + b"\xc0" * 1000, 400),
    (MSGPACK, b"\xdf\xff\xff\xff\xff", 400),
    (MSGPACK, b"\x81\xa5items" + b"\x91" * 60_000, 400),
    (MSGPACK, b"\x81\xa5items\xdd\x00\x01\x00\x01" + b"\xc0" * 65_537, 422),
    ("application/json", b'{"items": [' + b"[" * 60_000, 400),
    ("application/json", b'{"items": [' + b'{"completion": ' * 20_000, 400),
    ("application/json", b'{"items": [{"completion": "x", "completion": 5}]}', 422),
    ("application/json", b'{"items": [' + b"1," * 3_000_000 + b"1]}", 422),
    ("application/json", b"\xef\xbb\xbf{}", 400),
    ("application/json", b"", 400),
    ("application/x-ndjson", b'{"completion": "x"}\n{"completion": 5}\n', 422),
    ("application/x-ndjson", b"not json\n", 400),
    ("application/x-ndjson", b'{"completion": "' + b"x" * (17 << 20), 413),
    ("text/plain", b"{}", 415),
    ("", b"{}", 415),
]


@pytest.mark.parametrize("path", ["/v1/score", "/v1/jobs"])
@pytest.mark.parametrize(("media", "body", "status"), SHAPES)
def test_bodies_of_no_shape_are_refused(guarded: Service, path: str, media: str, body: bytes, status: int):
    headers = {"content-type": media, "accept": "application/json"}
    response = httpx.post(f"{guarded.url}{path}", content=body, headers=headers, timeout=60)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_equal_ids_are_the_clients_affair(guarded: Service):
    body = {"rubric": "r1-zero", "items": [{"id": "same", "completion": str(n)} for n in range(5)]}
    assert [r["id"] for r in httpx.post(f"{guarded.url}/v1/score", json=body).json()["results"]] == ["same"] * 5


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_a_bomb_is_never_unpacked_as_a_whole(guarded: Service, media: str):
    before = api_memory_mb(guarded)
    bomb = gzip.compress(b" " * (400 << 20), 9)
    headers = {"content-type": media, "content-encoding": "gzip"}
    for _ in range(3):
        assert httpx.post(f"{guarded.url}/v1/score", content=bomb, headers=headers, timeout=60).status_code == 413
    assert api_memory_mb(guarded) < before + 60


def test_a_body_that_stalls_is_not_waited_for(guarded: Service):
    with connected(guarded) as slow:
        slow.sendall(head("Content-Type: application/json", "Content-Length: 1000") + b'{"items": [')
        assert serves(guarded)
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_bodies_of_all_clients_together_are_bounded(guarded: Service):
    part = b'{"items": [{"completion": "' + b"x" * (7 << 20)
    for _ in range(10):  # On a busy machine the slow one may have been given up before the other comes.
        with connected(guarded) as slow:
            slow.sendall(head("Content-Type: application/json", f"Content-Length: {8 << 20}") + part)
            refused = httpx.post(f"{guarded.url}/v1/score", content=part, headers={"content-type": "application/json"})
        if refused.status_code == 429:
            break
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:assay:busy")
    assert "retry-after" in refused.headers
    assert serves(guarded)
    assert "assay_inbound_bytes 0.0" in httpx.get(f"{guarded.url}/metrics").text


def test_a_client_that_does_not_read_is_left_behind(guarded: Service):
    items = [{"id": f"{n}-" + "x" * 200, "completion": f"{n}"} for n in range(20_000)]
    body = json.dumps({"rubric": "r1-zero", "items": items}).encode()
    with connected(guarded) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        length = f"Content-Length: {len(body)}"
        slow.sendall(head("Content-Type: application/json", "Accept: application/x-ndjson", length) + body)
        deadline = time.monotonic() + 60
        while "assay_requests_in_flight 0.0" not in httpx.get(f"{guarded.url}/metrics").text:
            assert time.monotonic() < deadline
            time.sleep(0.3)
    assert serves(guarded)


@pytest.mark.parametrize("bomb", [b"X-A: " + b"a" * 200_000, b"X-A: 1\r\n" * 20_000])
def test_a_head_without_end_is_cut_off(guarded: Service, bomb: bytes):
    with connected(guarded) as client:
        client.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n")
        try:
            for start in range(0, len(bomb), 8192):
                client.sendall(bomb[start : start + 8192])
            answer = client.recv(4096)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    assert serves(guarded)


@pytest.mark.parametrize("request_", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\0" * 5000])
def test_what_is_no_http_is_cut_off(guarded: Service, request_: bytes):
    with connected(guarded) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        try:
            answer = client.recv(4096)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert serves(guarded)


def test_idle_connections_keep_nobody_out(guarded: Service):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        for _ in range(min(IDLE, most - 1000)):
            stack.enter_context(connected(guarded))
        for _ in range(5):
            assert serves(guarded)
        assert api_memory_mb(guarded) < 400
    assert serves(guarded)


def test_wrong_paths_and_methods_are_problems(guarded: Service):
    for method, path, status in [("GET", "/v1/score", 405), ("POST", "/v1/nothing", 404), ("PUT", "/v1/jobs/x", 405)]:
        response = httpx.request(method, f"{guarded.url}{path}")
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


def test_lines_are_scored_while_they_come(guarded: Service):
    """A client that sends an item, reads its result, and only then sends the next."""
    with connected(guarded) as client:
        client.sendall(head("Content-Type: application/x-ndjson", "Transfer-Encoding: chunked"))
        received = b""
        for n in range(3):
            line = json.dumps({"id": f"i{n}", "completion": "x"}).encode() + b"\n"
            client.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            while f'"id":"i{n}"'.encode() not in received:
                received += client.recv(65536)
        client.sendall(b"0\r\n\r\n")
        while b"usage" not in received:
            received += client.recv(65536)


def test_a_bad_line_ends_the_stream_with_its_problem(guarded: Service):
    def content() -> Generator[bytes]:
        yield b'{"completion": "x"}\n' * 30
        time.sleep(1)
        yield b'{"completion": 5}\n'

    headers = {"content-type": "application/x-ndjson"}
    response = httpx.post(f"{guarded.url}/v1/score", content=content(), headers=headers, timeout=60)
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert lines[-1]["problem"]["errors"][0]["path"] == "items[30].completion"


def test_a_deadline_that_has_passed_is_no_outage(guarded: Service):
    for _ in range(5):
        body = {**BODY, "options": {"deadline_ms": 1}}
        response = httpx.post(f"{guarded.url}/v1/score", json=body, headers={"cache-control": "no-store"})
        assert response.status_code == 200
        result = response.json()["results"][0]
        assert result["error"] is None or result["error"]["class"] == "timeout"
