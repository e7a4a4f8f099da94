"""Jobs on the real path: submitted, watched, read, cancelled; they survive whatever is restarted."""

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import Service

pytestmark = pytest.mark.e2e

HOSTILE = {"components": {"hostile": {"reward": "hostile"}, "format": {"reward": "format"}}}
FAST = {"ASSAY_LEASE_S": "1.5", "ASSAY_LOG_LEVEL": "debug"}


def items(count: int, sleep: str = "0.00") -> list[dict[str, Any]]:
    return [
        {"id": f"i{n}", "group": f"g{n // 8}", "completion": f"sleep:{sleep}{n % 5}{n:06d}", "meta": {"n": n}}
        for n in range(count)
    ]


def submit(service: Service, body: dict[str, Any], status: int = 202, **headers: str) -> dict[str, Any]:
    response = httpx.post(f"{service.url}/v1/jobs", json=body, headers=headers, timeout=60)
    assert response.status_code == status, response.text
    return response.json()


def get(service: Service, path: str, **params: Any) -> dict[str, Any]:
    """A job's page; while the service restarts it is asked for again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            response = httpx.get(f"{service.url}/v1/jobs/{path}", params=params, timeout=30)
            if response.status_code == 200:
                return response.json()
            assert response.status_code == 503, response.text
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


def finished(service: Service, job: str, seconds: float = 60) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (seen := get(service, job))["state"] not in ("done", "cancelled"):
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen


def all_results(service: Service, job: str, limit: int = 400) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = get(service, f"{job}/results", offset=offset, limit=limit)
        found += page["results"]
        offset = page["next"]
    return found


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": result["id"],
        "reward": result["reward"],
        "scores": {name: (c["score"], c["status"]) for name, c in result["components"].items()},
    }


def test_a_job_gives_what_score_gives(service: Service):
    body = {"rubric": "r1-zero", "items": [{**i, "reference": {"kind": "math", "answer": "7"}} for i in items(100)]}
    body["items"][3]["completion"] = "<think>so</think><answer>7</answer>"
    body["items"][5]["reference"] = {"kind": "none"}
    job = submit(service, body)
    assert (job["items"], job["durable"], job["priority"]) == (100, True, "offline")
    done = finished(service, job["id"])
    assert (done["state"], done["done"], done["abstained"]) == ("done", 100, 1)
    assert done["submitted_at"] <= done["started_at"] <= done["finished_at"] < done["expires_at"]
    scored = service.score(body["items"], rubric="r1-zero")
    results = all_results(service, job["id"], limit=7)
    assert [r["index"] for r in results] == list(range(100))
    assert [comparable(r) for r in results] == [comparable(r) for r in scored["results"]]
    assert httpx.get(f"{service.url}/v1/jobs/{job['id']}/groups").json()["groups"] == scored["groups"]


def test_group_rewards_of_a_job_are_those_of_score(service: Service):
    rubric = {"components": {"f": {"reward": "format"}, "a": {"reward": "group/advantage"}}}
    mixed = [{**i, "group": f"g{n % 5}"} for n, i in enumerate(items(90))]
    mixed[4].pop("group")
    mixed[7]["completion"] = "<think>so</think><answer>7</answer>"
    job = submit(service, {"rubric": rubric, "items": mixed})
    finished(service, job["id"])
    scored = service.score(mixed, rubric=rubric)
    assert [comparable(r) for r in all_results(service, job["id"], 13)] == [comparable(r) for r in scored["results"]]


def test_results_stream_in_order_while_the_job_runs(service: Service):
    job = submit(service, {"rubric": HOSTILE, "items": items(200)})
    with httpx.stream(
        "GET", f"{service.url}/v1/jobs/{job['id']}/results", headers={"accept": "application/x-ndjson"}, timeout=60
    ) as response:
        lines = [json.loads(line) for line in response.iter_lines()]
    assert [line["index"] for line in lines[:-1]] == list(range(200))
    assert (len(lines[-1]["groups"]), lines[-1]["job"]["state"]) == (25, "done")


def test_a_page_of_msgpack_says_the_same_as_one_of_json(service: Service):
    job = finished(service, submit(service, {"rubric": "r1", "items": items(20)})["id"])
    url = f"{service.url}/v1/jobs/{job['id']}/results"
    text = httpx.get(url).json()
    packed = httpx.get(url, headers={"accept": "application/msgpack"})
    assert packed.headers["content-type"] == "application/msgpack"
    assert msgspec.msgpack.decode(packed.content) == text
    assert text["results"][0]["components"]["accuracy"]["evidence"]


def test_events_tell_progress_and_the_end(service: Service):
    job = submit(service, {"rubric": HOSTILE, "items": items(300)})
    events: list[dict[str, str]] = []
    with httpx.stream("GET", f"{service.url}/v1/jobs/{job['id']}/events", timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for block in "".join(response.iter_text()).split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in fields:
                events.append(fields)
    assert [e["event"] for e in events[:-1]] == ["progress"] * (len(events) - 1)
    assert events[-1]["event"] == "end"
    done = [json.loads(e["data"])["done"] for e in events]
    assert done == sorted(done)
    assert done[-1] == 300
    again = httpx.get(f"{service.url}/v1/jobs/{job['id']}/events", headers={"last-event-id": events[-1]["id"]})
    assert again.text.count("event: ") == 1


def test_a_key_makes_one_job(service: Service):
    body = {"rubric": HOSTILE, "items": items(3)}
    first = submit(service, body, **{"Idempotency-Key": "k1"})
    again = submit(service, body, 200, **{"Idempotency-Key": "k1"})
    assert again["id"] == first["id"]
    in_body = submit(service, {**body, "idempotency_key": "k1"}, 200)
    assert in_body["id"] == first["id"]
    other = httpx.post(f"{service.url}/v1/jobs", json={**body, "items": items(4)}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:assay:idempotency-conflict")
    assert submit(service, body)["id"] != first["id"]
    packed = msgspec.msgpack.encode(body)
    headers = {"Idempotency-Key": "k1", "content-type": "application/msgpack"}
    assert httpx.post(f"{service.url}/v1/jobs", content=packed, headers=headers).json()["id"] == first["id"]


def test_a_job_of_lines_and_a_list_of_jobs(service: Service):
    lines = [{"rubric": HOSTILE}, *items(70)]
    content = b"\n".join(json.dumps(line).encode() for line in lines)
    response = httpx.post(
        f"{service.url}/v1/jobs", content=content, headers={"content-type": "application/x-ndjson"}, timeout=30
    )
    assert response.status_code == 202, response.text
    job = finished(service, response.json()["id"])
    assert (job["state"], job["items"]) == ("done", 70)
    listed = httpx.get(f"{service.url}/v1/jobs", params={"limit": 5, "state": "done"}).json()
    assert job["id"] in [j["id"] for j in listed]
    empty = finished(service, submit(service, {"items": []})["id"])
    assert (empty["state"], empty["items"]) == ("done", 0)


def test_what_is_not_started_is_cancelled(service: Service):
    job = submit(service, {"rubric": HOSTILE, "items": items(5000, "0.0")})
    _until(lambda: get(service, job["id"])["done"] > 0)
    cancelled = httpx.delete(f"{service.url}/v1/jobs/{job['id']}").json()
    assert cancelled["state"] == "cancelled"
    assert cancelled["done"] < 5000
    results = all_results(service, job["id"])
    assert 0 < len(results) <= cancelled["done"] + 64
    assert service.score([{"completion": "fine"}], rubric=HOSTILE)["results"][0]["reward"] == 1.0
    assert httpx.delete(f"{service.url}/v1/jobs/{job['id']}", params={"purge": True}).status_code == 204
    assert httpx.get(f"{service.url}/v1/jobs/{job['id']}").status_code == 404


def test_a_bad_job_is_refused(service: Service):
    for body, path in [
        ({"items": [{"completion": 5}]}, "items[0].completion"),
        ({"rubric": "no-such", "items": []}, "rubric"),
        ({"items": [], "idempotency_key": ""}, "idempotency_key"),
        ({}, "items"),
    ]:
        response = httpx.post(f"{service.url}/v1/jobs", json=body)
        assert (response.status_code, response.json()["errors"][0]["path"]) == (422, path)
    assert httpx.get(f"{service.url}/v1/jobs/none").status_code == 404


def test_a_deadline_ends_a_job_with_abstentions(new_service: Callable[..., Service]):
    service = new_service(**FAST)
    job = submit(service, {"rubric": HOSTILE, "items": items(400, "0.2"), "options": {"deadline_ms": 1500}})
    done = finished(service, job["id"], 30)
    assert done["state"] == "done"
    results = all_results(service, job["id"])
    assert len(results) == 400
    assert {r["components"]["hostile"]["status"] for r in results} == {"ok", "timeout"}
    assert all(r["reward"] is None for r in results if r["error"])


@pytest.mark.parametrize("victim", ["app.cli api", "app.cli worker", "unixsocket"])
def test_a_job_survives(new_service: Callable[..., Service], victim: str):
    service = new_service(**FAST)
    job = submit(service, {"rubric": HOSTILE, "items": items(1600)})
    for share in (0.1, 0.4):
        _until(lambda share=share: get(service, job["id"])["done"] > share * 1600)
        for pid in service.pids(victim):
            os.kill(pid, signal.SIGKILL)
    done = finished(service, job["id"], 90)
    assert (done["done"], done["abstained"]) == (1600, 0)
    results = all_results(service, job["id"])
    assert [r["id"] for r in results] == [i["id"] for i in items(1600)]
    assert {r["components"]["hostile"]["status"] for r in results} == {"ok"}


def _until(condition: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)
