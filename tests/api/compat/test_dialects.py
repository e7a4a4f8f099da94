"""The dialects of the trainers' own clients, as those clients write and read them."""

import json
from typing import Any

import httpx
import msgspec
import pytest

from tests.conftest import Service

pytestmark = pytest.mark.e2e

THOUGHT = "<think>First I add 44 and 41, and then 25.</think>"
RIGHT = f"{THOUGHT}<answer>110</answer>"
WRONG = f"{THOUGHT}<answer>111</answer>"
ASKED = "What's 44 + 41 + 25?"
CODE = "```python\ndef add(a, b):\n    return a + b\n```"


def post(service: Service, path: str, body: Any) -> httpx.Response:
    return httpx.post(f"{service.url}{path}", json=body, timeout=60)


def openrlhf(service: Service, queries: list[str], labels: list[Any], query: str = "") -> httpx.Response:
    body = {"query": queries, "prompts": [ASKED] * len(queries), "labels": labels}
    return post(service, f"/get_reward?rubric=r1-zero{query}", body)


def test_openrlhf_scores_what_follows_the_prompt(service: Service):
    queries = [f"<|im_start|>{ASKED}{text}<|im_end|><|endoftext|>" for text in (RIGHT, WRONG)]
    found = openrlhf(service, queries, ["110", "110"]).json()
    assert found["rewards"] == found["scores"]
    assert found["rewards"][0] - found["rewards"][1] == 1.0
    logs = found["extra_logs"]
    assert logs["assay_accuracy"] == [1.0, 0.0]
    assert logs["assay_abstained"] == [0.0, 0.0]
    assert all(len(column) == 2 for column in logs.values())


def test_openrlhf_sends_empty_lists_to_some_servers(service: Service):
    assert openrlhf(service, [], []).json() == {"rewards": [], "scores": [], "extra_logs": {}}


def test_openrlhf_labels_may_be_references(service: Service):
    label = json.dumps({"kind": "choice", "answer": "B"})
    found = openrlhf(service, [f"{ASKED}<think>x</think><answer>B</answer>"], [label]).json()
    assert found["extra_logs"]["assay_accuracy"] == [1.0]


@pytest.mark.parametrize(
    ("label", "query", "status"),
    [
        ("", "", 422),
        ("", "&on_abstain=-1", 200),
        (None, "&on_abstain=nan", 422),
        ("1", "&on_abstain=x", 422),
        ("1", "&deadline_ms=0", 422),
        ("1", "&rubric=nope", 422),
    ],
)
def test_an_abstention_is_never_a_made_up_reward(service: Service, label: Any, query: str, status: int):
    answer = openrlhf(service, [ASKED + RIGHT], [label], query)
    assert answer.status_code == status, answer.text
    if status == 200 and "on_abstain" in query:
        assert answer.json()["rewards"] == [-1.0]
        assert answer.json()["extra_logs"]["assay_abstained"] == [1.0]
    elif status == 422:
        assert answer.headers["content-type"] == "application/problem+json"


def test_time_that_runs_out_asks_to_come_again(service: Service):
    slow = {"query": [f"{ASKED}<answer>sleep</answer>"], "prompts": [ASKED], "labels": ["1"]}
    answer = post(service, "/get_reward?rubric=r1&deadline_ms=1", slow)
    assert answer.status_code in (200, 503)
    if answer.status_code == 503:
        assert answer.headers["retry-after"]


def test_lists_of_different_lengths_are_refused(service: Service):
    answer = post(service, "/get_reward", {"query": ["a", "b"], "prompts": ["a"], "labels": ["1", "2"]})
    assert answer.status_code == 422
    assert "prompts 1" in answer.json()["detail"]


def test_slime_reads_the_whole_body_as_the_reward(service: Service):
    body = {"prompt": ASKED, "response": RIGHT + "<|im_end|>", "label": "110"}
    number = post(service, "/compat/slime?rubric=r1-zero", body).json()
    assert isinstance(number, float)
    messages = [{"role": "user", "content": ASKED}]
    detail = post(service, "/compat/slime?rubric=r1-zero&detail=true", {**body, "prompt": messages}).json()
    assert detail["reward"] == number
    assert detail["assay_accuracy"] == 1.0
    assert post(service, "/compat/slime", {**body, "label": None}).status_code == 422
    assert post(service, "/compat/slime?on_abstain=0", {**body, "label": None}).json() == 0.0


def gym(text: str, **row: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    response = {
        "id": "r",
        "object": "response",
        "output": [
            {"type": "reasoning", "id": "x", "summary": [{"type": "summary_text", "text": "I add them up."}]},
            {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content},
        ],
    }
    return {"responses_create_params": {"input": [{"role": "user", "content": ASKED}]}, "response": response, **row}


def test_nemo_gym_gets_its_row_back_with_the_reward(service: Service):
    row = gym("The answer is \\boxed{110}", expected_answer="110", uuid="u1")
    found = post(service, "/verify?rubric=r1-zero", row).json()
    assert {name: found[name] for name in row} == row
    assert found["reward_components"]["accuracy"] == 1.0
    assert "_ng_failure_class" not in found
    assert post(service, "/seed_session", {}).json() == {}


def test_nemo_gym_rows_of_choices_and_of_code(service: Service):
    options = [{"A": "Karyotyping"}, {"B": "PCR"}]
    found = post(service, "/verify?rubric=choice", gym("\\boxed{B}", expected_answer="B", options=options)).json()
    assert found["reward_components"]["accuracy"] == 1.0
    tests = {"inputs": ["3\n"], "outputs": ["4\n"]}
    program = "```python\nprint(int(input()) + 1)\n```"
    found = post(service, "/verify?rubric=code", gym(program, verifier_metadata={"unit_tests": tests})).json()
    assert found["reward"] == 1.0


def test_nemo_gym_keeps_an_abstention_out_of_the_rollouts(service: Service):
    found = post(service, "/verify", gym("\\boxed{110}")).json()
    assert found["_ng_failure_class"] == "assay_abstained"
    assert "bad_reference" in found["_ng_failure_detail"]
    assert post(service, "/verify", {**gym("x"), "response": {"output": 3}}).status_code == 422


def test_llama_factory_sends_templated_conversations(service: Service):
    good = f"<|im_start|>user\n{ASKED}<|im_end|>\n<|im_start|>assistant\nI add the numbers, and get 110.<|im_end|>"
    looping = good.replace("I add", "I add the same number again and again. " * 300)
    for path in ("/v1/score/evaluation", "/compat/llamafactory"):
        scores = post(service, path, {"model": "model", "messages": [good, looping]}).json()["scores"]
        assert scores[0] > scores[1]
    refused = post(service, "/v1/score/evaluation?rubric=r1", {"model": "model", "messages": [good]})
    assert refused.status_code == 422, "without a reference there is no accuracy, and none is made up"


def test_oat_sends_msgpack_and_says_nothing_of_it(service: Service):
    def feedback(body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(f"{service.url}/get_feedback", content=msgspec.msgpack.encode(body), timeout=30)
        assert answer.status_code == 200, answer.text
        return msgspec.msgpack.decode(answer.content)

    good, bad = "I add the numbers, and get 110.", "the same again " * 500
    scores = feedback({"batch_prompt": [ASKED] * 2, "batch_response": [good, bad], "batch_candidates": []})
    assert scores["batch_score"][0] > scores["batch_score"][1]
    wins = feedback({"batch_prompt": [ASKED] * 2, "batch_response": [], "batch_candidates": [[good, bad], [bad, good]]})
    assert wins["batch_first_win_prob"][0] > 0.5 > wins["batch_first_win_prob"][1]
    for body, status in ((b"\xc1", 400), (b"\x80", 422), (msgspec.msgpack.encode({"batch_prompt": ["a"]}), 422)):
        assert httpx.post(f"{service.url}/get_feedback", content=body).status_code == status


def test_open_instruct_gets_a_verdict_and_a_time_for_each_test(service: Service):
    body = {
        "program": 'TEXT = "```</think><think>"\ndef add(a, b):\n    return a + b\n',
        "tests": ["assert add(1, 2) == 3", "assert add(1, 2) == 4", "assert add(0, 0) == 0"],
        "max_execution_time": 2.0,
    }
    found = post(service, "/test_program", body).json()
    assert found["results"] == [1, 0, 1]
    assert len(found["runtimes"]) == 3
    assert all(0 <= time <= 2 for time in found["runtimes"])
    assert post(service, "/test_program", {**body, "tests": json.dumps(body["tests"])}).json()["results"] == [1, 0, 1]
    stdio = {
        "program": "print(int(input()) + 1)",
        "tests": [{"input": "1\n", "output": "2\n"}, {"input": "1\n", "output": "3\n"}],
    }
    assert post(service, "/test_program_stdio", stdio).json()["results"] == [1, 0]
    assert post(service, "/test_program", {**body, "tests": []}).json() == {"results": [], "runtimes": []}
    loop = post(
        service, "/test_program", {"program": "while True: pass", "tests": ["assert True"], "max_execution_time": 0.5}
    )
    assert loop.json()["results"] == [0]


@pytest.mark.parametrize(
    "path", ["/get_reward", "/compat/slime", "/verify", "/v1/score/evaluation", "/test_program", "/test_program_stdio"]
)
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"[" * 50_000, b'{"query": 3}', b"\xff"])
def test_hostile_bodies_are_refused(service: Service, path: str, body: bytes):
    answer = httpx.post(f"{service.url}{path}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_operators_table_of_sources_comes_first(new_service, tmp_path):
    table = tmp_path / "sources.toml"
    table.write_text('["our/logic"]\nrubric = "r1-zero"\nkind = "choice"\n')
    running = new_service("sources", ASSAY_SOURCES=str(table))
    row = gym("<answer>B</answer>", answer="B", data_source="our/logic")
    components = post(running, "/verify", row).json()["reward_components"]
    assert set(components) == {"accuracy", "format"}
    assert components["accuracy"] == 1.0
