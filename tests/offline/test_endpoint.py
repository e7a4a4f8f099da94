"""Sampling from an endpoint that limits, fails, cuts off and babbles."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from app.offline.layout import Question
from app.offline.sampling.endpoint import Endpoint, EndpointDown, EndpointError, Params, Reply
from app.offline.sampling.sampler import SampleFile, Spent, sample
from tests.offline.scripted import Answer, Script, completion, serving

QUESTIONS = [Question(f"q{n}", f"What is {n} + 1?", {"kind": "math", "answer": str(n + 1)}, {}) for n in range(6)]


def endpoint(script: Script, *, concurrency: int = 4, tries: int = 5, seed: int | None = None) -> Endpoint:
    params = Params("tiny", seed=seed)
    return Endpoint(script.url, params, api_key="secret", concurrency=concurrency, timeout_s=5.0, tries=tries)


def ask(script: Script, **options: Any) -> Reply:
    async def work() -> Reply:
        async with endpoint(script, **options) as one:
            return await one.complete([{"role": "user", "content": "hi"}])

    return asyncio.run(work())


def draw(script: Script, path: Path, n: int = 2) -> Spent:
    async def work() -> Spent:
        into = SampleFile(path)
        try:
            async with endpoint(script, tries=3) as one:
                return await sample(one, QUESTIONS, n, into, concurrency=4)
        finally:
            into.close()

    return asyncio.run(work())


@pytest.mark.parametrize(
    "faults",
    [[429, 429], [500, 503], [None], [b"not json"], [b"{}"], [b'{"choices": []}'], [b"[1]"], [{"content": None}]],
    ids=repr,
)
def test_fault_that_passes_is_tried_again(faults: list[Answer]) -> None:
    with serving(lambda _, n: faults[n] if n < len(faults) else "4") as script:
        assert ask(script).text == "4"
        assert len(script.requests) == len(faults) + 1


def test_fault_that_stays_is_named() -> None:
    with serving(lambda *_: 503) as script, pytest.raises(EndpointDown, match="3 tries; the last: 503"):
        ask(script, tries=3)
    with serving(lambda *_: "") as script:
        url = script.url
    gone = Script(lambda *_: "", url=url)
    with pytest.raises(EndpointDown, match="ConnectError"):
        ask(gone, tries=2)


def test_refusal_is_not_tried_again() -> None:
    with serving(lambda *_: 401) as script:
        with pytest.raises(EndpointError, match="401"):
            ask(script)
        assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "4"}, "4"),
        ({"content": "<think>a</think>4"}, "<think>a</think>4"),
        ({"content": "4", "reasoning_content": "a"}, "<think>a</think>4"),
        ({"content": "4", "reasoning": "a"}, "<think>a</think>4"),
        ({"content": None, "reasoning_content": "cut off"}, "<think>cut off</think>"),
    ],
)
def test_thought_that_the_server_split_off_goes_back(message: dict[str, Any], text: str) -> None:
    with serving(lambda *_: message) as script:
        assert ask(script).text == text


def test_samples_of_a_question_differ_in_seed_and_concurrency_is_kept(tmp_path: Path) -> None:
    with serving(lambda *_: "4") as script:

        async def work() -> None:
            into = SampleFile(tmp_path / "s.jsonl")
            async with endpoint(script, concurrency=3, seed=7) as one:
                await sample(one, QUESTIONS, 4, into, concurrency=3)
            into.close()

        asyncio.run(work())
        assert sorted({r["seed"] for r in script.requests}) == [7, 8, 9, 10]
        assert script.most_at_once <= 3
        assert len(script.requests) == 24


def test_run_goes_on_without_asking_twice(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    failing = {"What is 3 + 1?"}
    with serving(lambda body, _: 500 if body["messages"][-1]["content"] in failing else "4") as script:
        spent = draw(script, path)
    assert (spent.samples, spent.failed) == (10, 2)
    with path.open("ab") as file:
        file.write(b'{"id": "q9/0", "torn')  # as SIGKILL leaves it
    with serving(lambda *_: "5") as script:
        spent = draw(script, path)
        assert spent.samples == 2 == len(script.requests)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(row["id"] for row in rows) == sorted(f"q{q}/{n}" for q in range(6) for n in range(2))
    assert rows[0]["meta"]["completion_tokens"] == 20


def test_endpoint_that_never_answers_ends_the_run(tmp_path: Path) -> None:
    with serving(lambda *_: 502) as script, pytest.raises(EndpointDown):
        draw(script, tmp_path / "s.jsonl", n=4)


def test_finish_reason_is_kept() -> None:
    with serving(lambda *_: completion({"content": "and then"}, "length")) as script:
        assert ask(script).finish_reason == "length"
