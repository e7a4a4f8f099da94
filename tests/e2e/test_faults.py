"""What goes wrong in a worker is answered, and its neighbours are unharmed."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import redis
from assay_client import AsyncClient, Scored

from app.settings import Settings
from tests.conftest import Service

pytestmark = pytest.mark.e2e

HOSTILE = {"components": {"format": {"reward": "format"}, "hostile": {"reward": "hostile"}}}
FAST = {"ASSAY_ITEM_CPU_S": "0.3", "ASSAY_ITEM_WALL_S": "3", "ASSAY_LEASE_S": "1.5", "ASSAY_LOG_LEVEL": "debug"}


@pytest.fixture(scope="module")
def hostile_service(tmp_path_factory: pytest.TempPathFactory):
    running = Service(tmp_path_factory.mktemp("hostile"), dict(FAST)).start()
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("command", "score", "status"),
    [
        ("loop", 0.0, "cpu_exceeded"),
        ("sleep:60", None, "timeout"),
        ("exit", None, "error"),
        ("segfault", None, "error"),
        ("kill", None, "error"),
        ("memory", None, "error"),
        ("raise", None, "error"),
        ("recurse", None, "error"),
    ],
)
def test_a_bad_item_costs_only_itself(hostile_service: Service, command: str, score: float | None, status: str):
    items = [{"completion": command if n == 40 else "fine"} for n in range(100)]
    results = hostile_service.score(items, rubric=HOSTILE)["results"]
    bad = results.pop(40)
    assert (bad["components"]["hostile"]["score"], bad["components"]["hostile"]["status"]) == (score, status)
    assert bad["components"]["format"]["status"] == "ok"
    assert {(r["reward"], r["components"]["hostile"]["status"]) for r in results} == {(1.0, "ok")}


@pytest.mark.parametrize(
    ("command", "score", "status", "detail"),
    [
        ("loop", 0.0, "cpu_exceeded", "0.2 s"),
        ("sleep:60", None, "timeout", "3 s"),
        ("allocate:200", None, "error", "MemoryError"),
        ("allocate:16", 1.0, "ok", None),
    ],
)
def test_a_plugin_has_limits_of_its_own(
    hostile_service: Service, command: str, score: float | None, status: str, detail: str | None
):
    rubric = {"components": {"limited": {"reward": "hostile/limited"}}}
    items = [{"completion": text} for text in ("fine", command, "fine")]
    results = hostile_service.score(items, rubric=rubric)["results"]
    found = results[1]["components"]["limited"]
    assert (found["score"], found["status"]) == (score, status)
    assert detail is None or detail in found["evidence"]["detail"]
    assert [r["reward"] for r in (results[0], results[2])] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("command", "status", "detail"),
    [
        ("sleep:60", "timeout", "8 s"),
        ("loop", "timeout", "1 s of CPU time"),
        ("exit", "error", "died"),
        ("segfault", "error", "died"),
        ("raise", "error", "as told"),
        ("allocate:200", "error", "MemoryError"),
        ("too few", "error", "one component a member"),
        ("fine", "ok", None),
    ],
)
def test_a_plugins_group_reward_is_ended_with_its_group_alone(
    hostile_service: Service, command: str, status: str, detail: str | None
):
    rubric = {
        "components": {
            "format": {"reward": "format"},
            "group": {"reward": "hostile/group", "params": {}},
        }
    }
    items = [
        {"completion": command, "group": "bad"},
        {"completion": "fine", "group": "bad"},
        {"completion": "fine", "group": "good"},
    ]
    results = hostile_service.score(items, rubric=rubric)["results"]
    bad = results[0]["components"]["group"]
    assert bad["status"] == status
    assert detail is None or detail in bad["evidence"]["detail"]
    assert results[2]["components"]["group"]["score"] == 1.0


def test_many_bad_items_in_one_batch_are_each_answered(hostile_service: Service):
    commands = ["exit", "fine", "segfault", "raise", "fine", "kill", "fine"]
    results = hostile_service.score([{"completion": c} for c in commands], rubric=HOSTILE)["results"]
    statuses = [r["components"]["hostile"]["status"] for r in results]
    assert statuses == ["error", "ok", "error", "error", "ok", "error", "ok"]


def test_what_is_not_scored_by_the_deadline_abstains(hostile_service: Service):
    items = [{"completion": "sleep:1"} for _ in range(8)] + [{"completion": "fine"}]
    started = time.monotonic()
    results = hostile_service.score(items, rubric=HOSTILE, deadline_ms=700)["results"]
    assert time.monotonic() - started < 5
    assert len(results) == 9
    assert "timeout" in {r["components"]["hostile"]["status"] for r in results}
    assert all(r["reward"] is None for r in results if r["error"])


def _kill_during(service: Service, what: str) -> Scored:
    """Score 512 items and SIGKILL processes of one sort once a third of them may be done."""
    items = [{"id": str(n), "completion": f"sleep:0.00{n % 5}{n:04d}"} for n in range(512)]

    async def run() -> Scored:
        async with AsyncClient(service.url) as client:
            scoring = asyncio.create_task(client.score(items, HOSTILE, deadline_s=60))
            await asyncio.sleep(0.3)
            assert not scoring.done()
            for pid in service.pids(what):
                os.kill(pid, signal.SIGKILL)
            return await scoring

    return asyncio.run(run())


def test_a_killed_child_loses_no_item(new_service: Callable[..., Service]):
    service = new_service(**FAST)
    children = _children(service)
    killer = threading.Timer(0.3, lambda: [os.kill(pid, signal.SIGKILL) for pid in children])
    killer.start()
    items = [{"id": str(n), "completion": f"sleep:0.00{n % 5}{n:04d}"} for n in range(512)]
    results = service.score(items, rubric=HOSTILE, deadline_ms=60_000)["results"]
    killer.join()
    assert not set(children) & set(_children(service))
    assert [r["id"] for r in results] == [i["id"] for i in items]
    statuses = [r["components"]["hostile"]["status"] for r in results]
    # The item that a child was at when it was shot is blamed for the death; all others are scored.
    assert statuses.count("ok") >= 512 - len(children)
    assert set(statuses) <= {"ok", "error"}


def test_a_killed_worker_loses_no_item(new_service: Callable[..., Service]):
    service = new_service(**FAST)
    scored = _kill_during(service, "app.cli worker")
    assert [r.id for r in scored.results] == [str(n) for n in range(512)]
    assert {r.components["hostile"].status for r in scored.results} == {"ok"}


def test_a_killed_redis_is_an_error_and_then_the_service_recovers(new_service: Callable[..., Service]):
    service = new_service(**FAST)
    with redis.Redis(unix_socket_path=str(Settings(data_dir=service.folder).redis_socket)) as server:
        os.kill(int(server.info("server")["process_id"]), signal.SIGKILL)
    response = httpx.post(f"{service.url}/v1/score", json={"items": [{"completion": "x"}]}, timeout=30)
    assert response.status_code in (200, 503)
    if response.status_code == 503:
        assert response.json()["type"] == "urn:assay:queue-unavailable"
        assert "retry-after" in response.headers
    _until(lambda: httpx.get(f"{service.url}/health/ready").is_success)
    assert service.score([{"completion": "x"}], rubric=HOSTILE)["results"][0]["reward"] == 1.0


def _children(service: Service) -> list[int]:
    """Processes that score: children of the fork server."""
    parents = set(service.pids("multiprocessing.forkserver"))
    return [pid for pid in parents if _parent(pid) in parents]


def _parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def _until(condition: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
