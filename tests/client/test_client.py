"""The clients against the real service, directly and through a proxy that fails."""

import asyncio
import json
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import msgspec
import pytest
from assay_client import AsyncClient, Client, InvalidRequest, JobFailed, ProtocolError, Unavailable, Unreachable

from tests.conftest import Service, free_port
from tests.faults import Fault, faulty

pytestmark = pytest.mark.e2e

RUBRIC = {"components": {"accuracy": {"reward": "accuracy"}}}


def item(answer: object = 110, **changes: Any) -> dict[str, Any]:
    return {"completion": f"<answer>{answer}</answer>", "reference": {"kind": "math", "answer": "110"}, **changes}


def sent_items(body: bytes) -> list[Any]:
    return msgspec.msgpack.decode(body)["items"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, headers=(("retry-after", "0"),)),
        Fault(status=429, headers=(("retry-after", "0"),)),
        Fault(status=502),
        Fault(status=504),
        Fault(status=500),
        Fault(drop=True),
        Fault(cut=True),
    ],
)
def test_what_passes_is_waited_out(service: Service, fault: Fault):
    with faulty(service.url, [fault, fault]) as proxy, Client(proxy.url, deadline_s=20) as client:
        assert client.score([item(), item(7)], RUBRIC).rewards == [1.0, 0.0]
        assert len(proxy.seen) == 3


def test_the_services_own_word_on_when_to_come_back_is_honoured(service: Service):
    started = time.monotonic()
    with (
        faulty(service.url, [Fault(status=429, headers=(("retry-after", "1"),))]) as proxy,
        Client(proxy.url) as client,
    ):
        client.score([item()], RUBRIC)
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault(status=503), Unavailable), (Fault(status=429), Unavailable), (Fault(drop=True), Unreachable)],
)
def test_what_does_not_pass_is_an_error_by_the_deadline(service: Service, fault: Fault, error: type[Exception]):
    with faulty(service.url, always=fault) as proxy, Client(proxy.url, deadline_s=1) as client, pytest.raises(error):
        client.score([item()], RUBRIC)
    with Client(f"http://127.0.0.1:{free_port()}", deadline_s=0.5) as client, pytest.raises(Unreachable):
        client.score([item()], RUBRIC)


def test_a_request_at_fault_is_sent_once(service: Service):
    with faulty(service.url) as proxy, Client(proxy.url) as client:
        with pytest.raises(InvalidRequest, match="unknown rubric"):
            client.score([item()], "nope")
        assert len(proxy.seen) == 1


def test_another_services_page_is_no_reward(service: Service):
    page = Fault(page=b"<h1>Login</h1>")
    with faulty(service.url, always=page) as proxy, Client(proxy.url) as client, pytest.raises(ProtocolError):
        client.score([item()], RUBRIC)


def test_one_poison_item_abstains_and_the_others_are_scored(service: Service):
    poison = {"completion": "x" * (2**20 + 1)}
    with Client(service.url) as client:
        scored = client.score(
            [item(id="a"), poison, item(7), {"completion": "\ud800", "meta": {"x": float("nan")}}], RUBRIC
        )
        assert scored.rewards == [1.0, None, 0.0, None]
        assert [result.id for result in scored.results] == ["a", "1", "2", "3"]
        error = scored.results[1].error
        assert error is not None
        assert error.kind == "invalid"
        assert "completion" in error.detail
        assert {tuple(result.components) for result in scored.results} == {("accuracy",)}
        assert client.score_one(poison, RUBRIC).reward is None


def test_batches_are_shared_between_nodes_and_a_dead_one_is_left_out(service: Service):
    batch = [item(n, group=f"g{n // 4}") for n in range(512)]
    dead = f"http://127.0.0.1:{free_port()}"
    with faulty(service.url) as one, faulty(service.url) as other, Client([one.url, dead, other.url]) as client:
        for _ in range(3):
            scored = client.score(batch, RUBRIC)
            assert [reward == 1.0 for reward in scored.rewards] == [n == 110 for n in range(512)]
            assert [result.id for result in scored.results] == [str(n) for n in range(512)]
            assert [group.group for group in scored.groups] == [f"g{n}" for n in range(128)]
            assert scored.usage["items"] == 512
        assert one.seen
        assert other.seen
        one.always = Fault(drop=True)
        assert len(client.score(batch, RUBRIC).results) == 512


def test_streams_give_each_result_once_even_if_they_break(service: Service):
    batch = [item(n) for n in range(200)]
    with faulty(service.url, [Fault(cut=True), Fault(status=503)]) as proxy, Client(proxy.url) as client:
        found = list(client.score_stream(batch, RUBRIC))
        assert sorted(position for position, _ in found) == list(range(200))
        assert {result.id for _, result in found} == {str(n) for n in range(200)}
        assert len(sent_items(proxy.seen[-1][3])) < 200, "what had come was not asked for again"
        with pytest.raises(InvalidRequest):
            list(client.score_stream(batch, "nope"))


def test_a_stream_can_be_left(service: Service):
    with Client(service.url) as client:
        stream = client.score_stream([item(n) for n in range(500)], RUBRIC)
        assert next(iter(stream))[1].reward is not None


def test_items_of_many_threads_share_requests(service: Service):
    with faulty(service.url) as proxy, Client(proxy.url) as client, ThreadPoolExecutor(64) as pool:
        results = list(pool.map(lambda n: client.score_one(item(n, id=f"i{n}"), RUBRIC), range(640)))
        assert [result.id for result in results] == [f"i{n}" for n in range(640)]
        assert [n for n, result in enumerate(results) if result.reward == 1.0] == [110]
        assert len(proxy.seen) < 640 / 5


async def test_items_of_many_tasks_share_requests(service: Service):
    with faulty(service.url) as proxy:
        async with AsyncClient(proxy.url) as client:
            results = await asyncio.gather(*(client.score_one(item(n), RUBRIC) for n in range(300)))
            assert [n for n, result in enumerate(results) if result.reward == 1.0] == [110]
            assert len(proxy.seen) < 30
            found = [position async for position, _ in client.score_stream([item(n) for n in range(50)], RUBRIC)]
            assert sorted(found) == list(range(50))


def test_an_item_that_cannot_be_written_fails_its_own_call_alone(service: Service):
    with Client(service.url) as client, ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(client.score_one, item(meta={"x": object()}) if n == 3 else item(), RUBRIC) for n in range(8)
        ]
        assert isinstance(calls[3].exception(), TypeError)
        assert [call.result().reward for n, call in enumerate(calls) if n != 3] == [1.0] * 7


def test_one_client_serves_many_event_loops(service: Service):
    client = AsyncClient(service.url)
    for _ in range(3):
        assert asyncio.run(client.score([item()], RUBRIC)).rewards == [1.0]
    asyncio.run(client.aclose())


async def test_the_blocking_client_works_inside_a_running_loop(service: Service):
    with Client(service.url) as client:
        assert client.score([item()], RUBRIC).rewards == [1.0]


async def test_a_cancelled_call_ends_its_request(service: Service):
    async with AsyncClient(service.url) as client:
        slow = {"components": {"hostile": {"reward": "hostile"}}}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.score([{"completion": "sleep:2"}], slow), 0.5)
        assert (await client.score([item()], RUBRIC)).rewards == [1.0]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(service: Service):
    with Client(service.url) as client:
        assert client.score([item()], RUBRIC).rewards == [1.0]
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                rewards = [*client.score([item(), item(7)], RUBRIC).rewards, client.score_one(item(), RUBRIC).reward]
                os.write(write, json.dumps(rewards).encode())
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        assert json.loads(os.read(read, 1000)) == [1.0, 0.0, 1.0]
        os.close(read)
        os.close(write)
        assert client.score([item()], RUBRIC).rewards == [1.0]


def _in_worker(client: Client) -> list[float | None]:
    return client.score([item()], RUBRIC).rewards


def test_a_client_travels_to_another_process(service: Service):
    with Client(service.url) as client:
        client.score([item()], RUBRIC)
        with get_context("spawn").Pool(2) as pool:
            assert pool.map(_in_worker, [client] * 4) == [[1.0]] * 4
        assert pickle.loads(pickle.dumps(AsyncClient([service.url], api_key="k")))._config.api_key == "k"


def test_a_key_and_large_bodies_travel_as_they_should(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASSAY_API_KEY", "sesame")
    with faulty(service.url) as proxy, Client(proxy.url, compress=True) as client:
        assert client.score([item(prompt="x" * 200_000)], RUBRIC).rewards == [1.0]
        headers, body = proxy.seen[0][2:]
        assert headers["authorization"] == "Bearer sesame"
        assert headers["content-encoding"] == "gzip"
        assert len(body) < 20_000


def test_bad_urls_are_refused():
    for bad in ("localhost:8000", "", [], "http://a,ftp://b"):
        with pytest.raises(ValueError, match="url"):
            Client(bad)


def test_the_loop_ends_with_the_process(service: Service):
    import subprocess
    import sys

    program = (
        f"from assay_client import Client\nc = Client({service.url!r})\n"
        "print(c.score([{'completion': '<answer>1</answer>', 'reference': {'kind': 'math', 'answer': '1'}}]).rewards)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert threading.active_count() < 100


def test_jobs_are_submitted_once_watched_and_read(service: Service):
    batch = [item(n, group=f"g{n % 2}") for n in range(120)]
    with faulty(service.url, [Fault(cut=True)]) as proxy, Client(proxy.url) as client:
        job = client.submit(batch, RUBRIC)
        keys = {headers["idempotency-key"] for _, path, headers, _ in proxy.seen if path == "/v1/jobs"}
        assert (len(proxy.seen), len(keys)) == (2, 1), "the answer was lost once, and the job is one"
        scored = client.wait(job, deadline_s=60)
        assert [n for n, reward in enumerate(scored.rewards) if reward == 1.0] == [110]
        assert [(group.group, group.size) for group in scored.groups] == [("g0", 60), ("g1", 60)]
        assert client.job(job.id).state == "done"
        assert client.submit(batch, RUBRIC, key="mine").id == client.submit(batch, RUBRIC, key="mine").id
        with pytest.raises(InvalidRequest, match="404"):
            client.wait("no-such-job/../x")


async def test_jobs_can_be_cancelled(service: Service):
    slow = {"components": {"hostile": {"reward": "hostile"}}}
    async with AsyncClient(service.url) as client:
        job = await client.submit([{"completion": "sleep:0.2", "prompt": str(n)} for n in range(200)], slow)
        with pytest.raises(JobFailed, match="deadline"):
            await client.wait(job, deadline_s=0.5)
        assert (await client.cancel(job)).state == "cancelled"
        with pytest.raises(JobFailed, match="cancelled"):
            await client.wait(job)
