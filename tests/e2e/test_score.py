"""`/v1/score` on the real path: API, Redis Streams, worker, child."""

import gzip
import json
from typing import Any

import httpx
import msgspec
import pytest
from assay_client import AsyncClient, Client, ServiceError, Unreachable

from tests.conftest import Service, free_port

pytestmark = pytest.mark.e2e

SEED = {
    "id": "seed",
    "prompt": "What's 44 + 41 + 25?",
    "completion": "<think>First I add 44 + 41 = 85. Then I add 85 + 25 = 110.</think>"
    "<answer>The final answer is 110.</answer><verifier_answer>110</verifier_answer>",
    "reference": {"kind": "math", "answer": "110"},
}
HOSTILE = {"components": {"hostile": {"reward": "hostile"}, "format": {"reward": "format"}}}


def item(**changes: Any) -> dict[str, Any]:
    return {**SEED, **changes}


def post(service: Service, content: bytes, **headers: str) -> httpx.Response:
    names = {"content_type": "content-type", "content_encoding": "content-encoding", "accept": "accept"}
    sent = {"content-type": "application/json", **{names[k]: v for k, v in headers.items()}}
    return httpx.post(f"{service.url}/v1/score", content=content, headers=sent, timeout=60)


def test_the_seed_example_earns_every_component(service: Service):
    result = service.score([SEED])["results"][0]
    assert result["id"] == "seed"
    assert {name: c["score"] for name, c in result["components"].items()} == {
        "accuracy": 1.0,
        "format": 1.0,
        "language": 1.0,
    }
    assert result["reward"] == 3.0
    assert result["error"] is None


def test_an_empty_batch_has_an_empty_result(service: Service):
    body = service.score([])
    assert (body["results"], body["groups"], body["usage"]["items"]) == ([], [], 0)


def test_results_keep_the_order_of_the_items(service: Service):
    items = [item(id=f"i{n}", completion="x" * (n * 997 % 5000)) for n in range(300)]
    assert [r["id"] for r in service.score(items)["results"]] == [i["id"] for i in items]


def test_items_without_an_id_are_named_by_position(service: Service):
    results = service.score([{"completion": "a"}, {"completion": "b"}], rubric="r1-zero")["results"]
    assert [r["id"] for r in results] == ["0", "1"]


def test_component_keys_are_the_same_whatever_happens_to_an_item(service: Service):
    items = [item(), item(reference={"kind": "none"}), item(completion=""), item(reference={"kind": "other-kind"})]
    results = service.score(items)["results"]
    assert {tuple(r["components"]) for r in results} == {("accuracy", "format", "language")}


def test_an_abstention_is_null_with_a_reason_and_left_out_of_the_group(service: Service):
    items = [item(group="g"), item(group="g", reference={"kind": "none"}), item(group="g", completion="110")]
    body = service.score(items)
    abstained = body["results"][1]
    assert abstained["reward"] is None
    assert abstained["components"]["accuracy"]["score"] is None
    assert abstained["error"]["class"] == abstained["components"]["accuracy"]["status"] == "bad_reference"
    group = body["groups"][0]
    assert (group["size"], group["scored"]) == (3, 2)
    rewards = [body["results"][i]["reward"] for i in (0, 2)]
    assert group["mean"] == pytest.approx(sum(rewards) / 2)


@pytest.mark.parametrize(("policy", "reward"), [("null", None), ("zero", 2.0), (-0.5, 1.5)])
def test_on_abstain_is_the_callers_choice(service: Service, policy: Any, reward: float | None):
    body = service.score([item(reference={"kind": "none"})], on_abstain=policy)
    assert body["results"][0]["reward"] == reward
    assert body["results"][0]["components"]["accuracy"]["score"] is None


def test_an_inline_rubric_weighs_its_components(service: Service):
    rubric = {"components": {"a": {"reward": "accuracy", "weight": 2}, "f": {"reward": "format", "weight": 0.5}}}
    result = service.score([SEED], rubric=rubric)["results"][0]
    assert (result["reward"], list(result["components"])) == (2.5, ["a", "f"])


def test_msgpack_says_the_same_as_json(service: Service):
    request = {"rubric": "r1", "items": [SEED, item(reference={"kind": "none"})]}
    binary = post(service, msgspec.msgpack.encode(request), content_type="application/msgpack")
    assert binary.headers["content-type"] == "application/msgpack"
    decoded = msgspec.msgpack.decode(binary.content)
    text = post(service, json.dumps(request).encode()).json()
    for body in (decoded, text):
        body.pop("usage")
        for result in body["results"]:
            for component in result["components"].values():
                component.pop("elapsed_ms")
    assert decoded == text


def test_ndjson_streams_every_result_once_and_ends_with_the_groups(service: Service):
    items = [item(id=f"i{n}", group="g") for n in range(100)]
    response = post(service, json.dumps({"items": items}).encode(), accept="application/x-ndjson")
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert sorted(line["index"] for line in lines[:-1]) == list(range(100))
    assert all(line["id"] == f"i{line['index']}" for line in lines[:-1])
    assert (lines[-1]["groups"][0]["size"], lines[-1]["usage"]["items"]) == (100, 100)


def test_ndjson_does_not_hold_ready_results_back_for_slow_ones(service: Service):
    items = [{"completion": "sleep:1.5"}, *({"completion": f"fine {n}"} for n in range(100))]
    body = {"rubric": HOSTILE, "items": items}
    request = {"json": body, "headers": {"accept": "application/x-ndjson"}, "timeout": 60}
    with httpx.stream("POST", f"{service.url}/v1/score", **request) as response:
        order = [json.loads(line).get("index") for line in response.iter_lines()]
    assert order.index(0) > order.index(100)


def test_conversations_are_scored_by_their_last_message(service: Service):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": SEED["prompt"]}]
    thought = {"role": "assistant", "reasoning_content": "First I add them up.", "content": "<answer>110</answer>"}
    result = service.score([item(prompt=messages, completion=[thought])])["results"][0]
    assert (result["components"]["format"]["score"], result["components"]["accuracy"]["score"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"items": [SEED, {"completion": "a", "reference": {"kind": "math"}}]}, 422, "items[1].reference.answer"),
        ({"items": [{"prompt": "x"}]}, 422, "items[0].completion"),
        ({"items": [item(refrence={})]}, 422, "items[0].refrence"),
        ({"items": [SEED], "rubric": "nope"}, 422, "rubric"),
        ({"items": [SEED], "rubric": {"components": {"x": {"reward": "nope"}}}}, 422, "rubric.components.x.reward"),
        ({"items": [SEED], "rubric": {"components": {}}}, 422, "rubric.components"),
        ({"items": [SEED], "options": {"deadline_ms": 0}}, 422, "options.deadline_ms"),
        ({"items": [SEED], "options": {"on_abstain": "maybe"}}, 422, "options.on_abstain"),
        ({"items": [item(language="english")]}, 422, "items[0].language"),
        ({"items": [item(completion="x" * (2**20 + 1))]}, 422, "items[0].completion"),
        ({"items": "no list"}, 422, "items"),
        ([], 422, "body"),
        ({}, 422, "items"),
    ],
)
def test_a_bad_body_is_refused_by_the_name_of_its_field(service: Service, body: Any, status: int, path: str):
    response = post(service, json.dumps(body).encode())
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["status"]) == (status, status)
    assert problem["errors"][0]["path"] == path


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"items": [', {}, 400),
        (b"\xff\xfe", {}, 400),
        (b'{"items": [{"completion": "\\ud800"}]}', {}, 400),
        (b'{"items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}, 400),
        (b"\x91" * 100_000, {"content_type": "application/msgpack"}, 400),
        (b"\xc1", {"content_type": "application/msgpack"}, 400),
        (b"a=1", {"content_type": "application/x-www-form-urlencoded"}, 415),
        (b"x", {"content_encoding": "br"}, 415),
        (b"not gzip", {"content_encoding": "gzip"}, 400),
        (gzip.compress(b"{}")[:-4], {"content_encoding": "gzip"}, 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(service: Service, content: bytes, headers: dict[str, str], status: int):
    response = post(service, content, **headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_gzip_bodies_are_read(service: Service):
    response = post(service, gzip.compress(json.dumps({"items": [SEED]}).encode()), content_encoding="gzip")
    assert response.json()["results"][0]["reward"] == 3.0


def test_a_request_id_comes_back_and_stays_unique(service: Service):
    headers = {"x-request-id": "mine"}
    ids = {httpx.get(f"{service.url}/health/live", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(id_.startswith("mine.") for id_ in ids)


def test_the_catalogue_names_rewards_and_rubrics(service: Service):
    rewards = {r["name"]: r for r in httpx.get(f"{service.url}/v1/rewards").json()}
    assert {"accuracy", "format", "language"} <= set(rewards)
    assert rewards["format"]["params"]["properties"]["template"]["default"] == "r1"
    assert {"r1", "r1-zero"} <= {r["name"] for r in httpx.get(f"{service.url}/v1/rubrics").json()}
    assert httpx.get(f"{service.url}/v1/rubrics/nope").status_code == 404


def test_metrics_tell_what_was_scored(service: Service):
    service.score([SEED, item(reference={"kind": "none"})])
    text = httpx.get(f"{service.url}/metrics").text
    for name in (
        'assay_items_total{outcome="scored",rubric="r1"}',
        'assay_component_status_total{component="accuracy",fault="data",status="bad_reference"}',
        'assay_component_seconds_bucket{component="language"',
        "assay_workers_live 1.0",
        'assay_queue_batches{lane="cpu",priority="online"} 0.0',
        "assay_queue_up 1.0",
    ):
        assert name in text


def test_the_docs_page_needs_no_internet(service: Service):
    page = httpx.get(f"{service.url}/docs").text
    assert "https://" not in page.replace("https://github.com", "")
    assert httpx.get(f"{service.url}/static-offline-docs/swagger-ui-bundle.js").is_success
    document = httpx.get(f"{service.url}/openapi.json").json()
    assert "ScoreRequest" in document["components"]["schemas"]


def test_clients_score_and_raise_typed_errors(service: Service):
    with Client(service.url) as client:
        scored = client.score([SEED, item(reference={"kind": "none"})], rubric="r1")
        assert scored.rewards == [3.0, None]
        error = scored.results[1].error
        assert error is not None
        assert error.kind == "bad_reference"
        with pytest.raises(ServiceError, match="unknown rubric") as caught:
            client.score([SEED], rubric="nope")
        assert caught.value.status == 422
    with Client(f"http://127.0.0.1:{free_port()}") as nobody, pytest.raises(Unreachable):
        nobody.score([SEED])


async def test_the_async_client_scores(service: Service):
    async with AsyncClient(service.url) as client:
        assert (await client.score([SEED])).rewards == [3.0]


def test_group_rewards_are_computed_once_all_items_are_scored(service: Service):
    rubric = {
        "components": {
            "accuracy": {"reward": "accuracy"},
            "advantage": {"reward": "group/advantage", "weight": 0},
        }
    }
    items = [item(id=f"{n}", group="g", completion=f"<answer>{110 + n % 2}</answer>") for n in range(4)]
    results = service.score(items, rubric=rubric)["results"]
    assert [r["reward"] for r in results] == [1.0, 0.0, 1.0, 0.0]
    advantages = [r["components"]["advantage"]["score"] for r in results]
    assert advantages[0] > 0 > advantages[1]
    assert sum(advantages) == pytest.approx(0)
    lines = post(service, json.dumps({"items": items, "rubric": rubric}).encode(), accept="application/x-ndjson")
    assert len(lines.text.splitlines()) == 5


@pytest.mark.parametrize("name", ["k1.5", "dapo", "open-r1", "tinyzero", "choice"])
def test_presets_score_over_http(service: Service, name: str):
    results = service.score([item(group="g"), item(group="g", completion="110")], rubric=name)["results"]
    assert all(tuple(r["components"]) == tuple(results[0]["components"]) for r in results)


def test_rubric_files_are_read_again_by_all_processes_on_hangup(tmp_path):
    import signal
    import time

    folder = tmp_path / "rubrics"
    folder.mkdir()
    running = Service(tmp_path / "own", {"ASSAY_RUBRICS": str(folder), "ASSAY_API_PROCESSES": "2"}).start()
    try:
        assert len(running.pids("app.cli api")) == 2
        (folder / "mine.toml").write_text('[components.only]\nreward = "format"\n')
        running.process.send_signal(signal.SIGHUP)

        def known() -> bool:
            """Each call is a connection of its own, which the kernel gives to either process."""
            return "mine" in {r["name"] for r in httpx.get(f"{running.url}/v1/rubrics").json()}

        deadline = time.monotonic() + 10
        while not all(known() for _ in range(24)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert running.score([SEED], rubric="mine")["results"][0]["reward"] == 1.0
    finally:
        running.stop()
