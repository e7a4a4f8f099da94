"""Several API processes behind one port."""

import os
import re
import signal
import time
from collections.abc import Callable

import httpx
import pytest

from tests.conftest import Service

pytestmark = pytest.mark.e2e

BODY = {"rubric": "r1-zero", "items": [{"completion": "<think>so</think><answer>7</answer>"}]}
_SCORED = re.compile(r'assay_items_total\{outcome="(?:scored|abstained)",rubric="r1-zero"\} ([\d.]+)')


def scored(service: Service) -> float:
    return sum(float(count) for count in _SCORED.findall(httpx.get(f"{service.url}/metrics").text))


def test_several_processes_answer_for_each_other(new_service: Callable[..., Service]):
    service = new_service(ASSAY_API_PROCESSES="3")
    pids = service.pids("app.cli api")
    assert len(pids) == 3
    for _ in range(30):  # A connection each, so that the kernel divides them.
        assert httpx.post(f"{service.url}/v1/score", json=BODY).status_code == 200
    assert [scored(service) for _ in range(6)] == [30.0] * 6
    answered = {pid for pid in pids if any(f"_{pid}.db" in f.name for f in (service.folder / "metrics").iterdir())}
    assert answered == set(pids)
    jobs = [httpx.post(f"{service.url}/v1/jobs", json={**BODY, "items": BODY["items"] * 50}).json() for _ in range(4)]
    os.kill(pids[0], signal.SIGKILL)
    deadline = time.monotonic() + 60
    for job in jobs:
        while _state(service, job["id"]) != "done":
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert scored(service) == 30.0 + 4 * 50
    while len(set(service.pids("app.cli api")) - {pids[0]}) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _state(service: Service, job: str) -> str:
    try:
        return httpx.get(f"{service.url}/v1/jobs/{job}").json()["state"]
    except httpx.TransportError:  # It was on its way to the process that died.
        return "unknown"
