"""Large payloads go by file: what kills children, workers or the API loses none of them and leaves none behind."""

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Service

pytestmark = pytest.mark.e2e

HOSTILE = {"components": {"format": {"reward": "format"}, "hostile": {"reward": "hostile"}}}
LARGE = " word" * 4_000


def files(service: Service) -> list[int]:
    """Sizes of the payloads' files."""
    return [p.stat().st_size for p in (service.folder / "spool").rglob("*") if p.is_file() and p.name != "held"]


def items(count: int) -> list[dict[str, Any]]:
    return [
        {"completion": f"<think>{n}{LARGE}</think><answer>{n}</answer>", "reference": {"kind": "math", "answer": "7"}}
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory):
    running = Service(tmp_path_factory.mktemp("large"), {"ASSAY_LEASE_S": "1.5"}).start()
    yield running
    running.stop()


@pytest.mark.parametrize(("command", "status"), [("exit", "error"), ("kill", "error"), ("raise", "error")])
def test_a_bad_item_costs_only_itself(service: Service, command: str, status: str):
    batch = [{"completion": command if n == 9 else f"fine {n}", "prompt": LARGE} for n in range(40)]
    results = service.score(batch, rubric=HOSTILE)["results"]
    assert results.pop(9)["components"]["hostile"]["status"] == status
    assert {r["reward"] for r in results} == {1.0}
    assert max(files(service)) > 1 << 18


def test_killed_workers_and_children_lose_nothing(service: Service):
    batch = items(1_500)
    quiet = [r["reward"] for r in service.score(batch, deadline_ms=100_000)["results"]]
    stopped = threading.Event()

    def kill() -> None:
        for what in ("forkserver", "app.cli worker", "forkserver"):
            if stopped.wait(0.15):
                return
            for pid in service.pids(what)[-1:]:
                os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        answer = httpx.post(
            f"{service.url}/v1/score",
            json={"rubric": "r1", "items": batch, "options": {"deadline_ms": 100_000}},
            headers={"cache-control": "no-store"},
            timeout=120,
        ).json()
    finally:
        stopped.set()
        killer.join()
    assert [r["reward"] for r in answer["results"]] == quiet


def test_what_a_killed_api_left_is_deleted_when_the_next_one_starts(new_service: Callable[..., Service]):
    service = new_service()
    service.score(items(40))
    [folder] = (service.folder / "spool").iterdir()
    [api] = service.pids("app.cli api")
    os.kill(api, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while True:
        try:
            assert len(service.score(items(40))["results"]) == 40
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
    service.stop()
    assert list((service.folder / "spool").iterdir()) == []
