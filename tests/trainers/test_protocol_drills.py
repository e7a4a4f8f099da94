"""Failure drills for the trainers that can't be run here: the adapters as those call them, and the routes by clients
that try again, give up and take failures as theirs do, read at the dates of docs/trainers. Waits are shortened.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from assay_client import AssayError, areal, easy_r1, oat, slime, swift

from tests.conftest import Service, free_port
from tests.faults import Fault, faulty

pytestmark = pytest.mark.e2e

ASKED = "What's 44 + 41 + 25?"
RIGHT = "<think>I add 44 and 41, which gives 85, and then 25.</think><answer>110</answer>"
WRONG = f"<think>{'I add the same number again. ' * 300}</think><answer>7</answer>"
POISON = "x" * (2**20 + 1)
"""Longer than a completion may be."""

Outcome = float | str | None
"""What a sample ends with: its reward, none, or the name of what its trainer ends with."""
Step = Callable[[str, Sequence[str], float], list[Outcome]]


def easy_r1_step(url: str, texts: Sequence[str], deadline_s: float) -> list[Outcome]:
    score = easy_r1.make("easy-r1", url, deadline_s=deadline_s)
    return [one["overall"] for one in score([{"response": text, "ground_truth": "110"} for text in texts])]


def oat_step(url: str, texts: Sequence[str], deadline_s: float) -> list[Outcome]:
    oracle = oat.Oracle("r1-zero", url, deadline_s=deadline_s)
    return [*oracle.compare([ASKED] * len(texts), texts, ["110"] * len(texts))[0]]


def swift_step(url: str, texts: Sequence[str], deadline_s: float) -> list[Outcome]:
    return [*swift.orm("r1-zero", url, deadline_s=deadline_s)()(texts, solution=["110"] * len(texts))]


def async_swift_step(url: str, texts: Sequence[str], deadline_s: float) -> list[Outcome]:
    made = swift.async_orm("r1-zero", url, deadline_s=deadline_s)()
    return [*asyncio.run(made(texts, solution=["110"] * len(texts)))]


def slime_step(url: str, texts: Sequence[str], deadline_s: float) -> list[Outcome]:
    made = slime.make("r1-zero", url, deadline_s=deadline_s)
    samples = [SimpleNamespace(prompt=ASKED, response=text, label="110", metadata={}) for text in texts]
    return [*asyncio.run(made(None, samples))]


def areal_step(url: str, texts: Sequence[str], deadline_s: float) -> list[Outcome]:
    made = areal.reward("r1-zero", url, deadline_s=deadline_s)
    return [_ended(lambda text=text: made(ASKED, text, [1], [2], answer="110")) for text in texts]


def oat_by_url_step(url: str, texts: Sequence[str], _: float, tries: int = 10) -> list[Outcome]:
    """Ten tries after whatever is not 200, time-outs too; then the actor ends."""
    body = msgspec.msgpack.encode({"batch_prompt": [ASKED] * len(texts), "batch_response": texts})
    with httpx.Client(verify=False, timeout=0.6) as client:
        for _ in range(tries):
            try:
                answer = client.post(f"{url}/get_feedback", content=body)
                if answer.status_code == 200:
                    return msgspec.msgpack.decode(answer.content)["batch_score"]
            except httpx.TransportError:
                pass
            time.sleep(0.2)
    raise RuntimeError("the remote reward model failed")


def llama_factory_step(url: str, texts: Sequence[str], _: float) -> list[Outcome]:
    """One try without a time-out, and no look at the status."""
    template = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n{}<|im_end|>"
    body = {"model": "model", "messages": [template.format(ASKED, text) for text in texts]}
    with httpx.Client(verify=False, timeout=None) as client:
        return client.post(f"{url}/v1/score/evaluation", json=body).json()["scores"]


def nemo_gym_step(url: str, texts: Sequence[str], _: float) -> list[Outcome]:
    """A request a rollout. A connection that is refused or dropped is tried again for ever; an answer above 400, or
    one that breaks off, fails the rollout.
    """

    def reward(client: httpx.Client, text: str) -> Outcome:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        output = [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}]
        row = {"responses_create_params": {"input": ASKED}, "response": {"output": output}, "expected_answer": "110"}
        request = client.build_request("POST", f"{url}/verify?rubric=r1-zero", json=row)
        while True:
            try:
                answer = client.send(request, stream=True)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        answer.read()
        found = answer.raise_for_status().json()
        return found.get("_ng_failure_class") or found["reward"]

    with httpx.Client(verify=False, timeout=None) as client:
        return [_ended(lambda text=text: reward(client, text)) for text in texts]


def open_instruct_step(url: str, texts: Sequence[str], _: float) -> list[Outcome]:
    """A request a sample; only a refused connection is tried again, three times. Each failure is a score of 0 and a
    line in its log.
    """

    def score(client: httpx.Client, text: str) -> Outcome:
        program = {"program": f"TEXT = {text!r}", "tests": ["assert '<answer>110</answer>' in TEXT"]}
        try:
            answer = client.post(f"{url}/test_program", json={**program, "max_execution_time": 3.0}, timeout=30)
            passes = answer.raise_for_status().json()["results"]
            return sum(passes) / len(passes)
        except httpx.HTTPError as error:
            return f"0, logged: {type(error).__name__}"

    with httpx.Client(transport=httpx.HTTPTransport(verify=False, retries=3)) as client:
        return [score(client, text) for text in texts]


def _ended(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except (AssayError, httpx.HTTPError, KeyError, RuntimeError) as error:
        return type(error).__name__


class Promise(NamedTuple):
    """What docs/trainers says that a step of [right, wrong] ends with: "scored" is as without a fault."""

    step: Step
    dies: object = "scored"
    """The answer breaks off, the next connection is dropped."""
    busy: object = "scored"
    """429 once."""
    away: object = "Unavailable"
    """503 to all that it sends."""
    down: object = "scored"
    """Nothing listens at first."""
    poison: tuple[Any, ...] | str = ("right", None, "wrong")
    """Of [right, a completion that is too long, wrong]; "mean" of the two others."""


LOGGED = "0, logged: HTTPStatusError"
BROKEN = "RemoteProtocolError"
PROMISES = {
    "EasyR1": Promise(easy_r1_step, poison=("right", "mean", "wrong")),
    "oat": Promise(oat_step, poison=("right", "mean", "wrong")),
    "ms-swift": Promise(swift_step),
    "ms-swift, async": Promise(async_swift_step),
    "slime": Promise(slime_step, poison="Abstained"),
    "AReaL": Promise(areal_step, away=["Unavailable"] * 2, poison=("right", "Abstained", "wrong")),
    "oat by URL": Promise(oat_by_url_step, away="RuntimeError", poison="RuntimeError"),
    "LLaMA-Factory": Promise(
        llama_factory_step, dies=BROKEN, busy="KeyError", away="KeyError", down="ConnectError", poison="KeyError"
    ),
    "NeMo-Gym": Promise(
        nemo_gym_step,
        dies=[BROKEN, "wrong"],
        busy=["HTTPStatusError", "wrong"],
        away=["HTTPStatusError"] * 2,
        poison=("right", "HTTPStatusError", "wrong"),
    ),
    "open-instruct": Promise(
        open_instruct_step,
        dies=[f"0, logged: {BROKEN}"] * 2,
        busy=[LOGGED, "wrong"],
        away=[LOGGED] * 2,
        poison=("right", LOGGED, "wrong"),
    ),
}
FAULTS: dict[str, list[Fault]] = {
    "dies": [Fault(cut=True), Fault(drop=True)],
    "busy": [Fault(status=429, headers=(("retry-after", "0"),))],
    "slow": [Fault(delay_s=0.8)] * 2,
}
AWAY_S = 0.6
DOWN_S = 0.6


@cache
def _without_fault(trainer: str, url: str) -> tuple[Outcome, ...]:
    return tuple(PROMISES[trainer].step(url, [RIGHT, WRONG], 30))


def _down_at_first(service: Service, step: Step) -> object:
    port = free_port()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_ended, lambda: step(f"http://127.0.0.1:{port}", [RIGHT, WRONG], 30))
        wait([running], timeout=DOWN_S)
        with faulty(service.url, port=port):
            return running.result(60)


def _through(service: Service, step: Step, drill: str) -> object:
    if drill == "down":
        return _down_at_first(service, step)
    always = Fault(status=503) if drill == "away" else None
    texts = [RIGHT, POISON, WRONG] if drill == "poison" else [RIGHT, WRONG]
    with faulty(service.url, FAULTS.get(drill, ()), always) as proxy:
        return _ended(lambda: step(proxy.url, texts, AWAY_S if drill == "away" else 30))


@pytest.mark.parametrize("drill", ["down", "dies", "slow", "busy", "away", "poison"])
@pytest.mark.parametrize("trainer", PROMISES)
def test_a_step_ends_as_its_page_promises(service: Service, trainer: str, drill: str):
    promise = PROMISES[trainer]
    right, wrong = _without_fault(trainer, service.url)
    assert isinstance(right, float)
    assert isinstance(wrong, float)
    assert right > wrong
    known = {"right": right, "wrong": wrong, "mean": math.fsum((right, wrong)) / 2}
    promised = "scored" if drill == "slow" else getattr(promise, drill)
    if promised == "scored":
        promised = ["right", "wrong"]
    if not isinstance(promised, str):
        promised = [known.get(one, one) for one in promised]
    assert _through(service, promise.step, drill) == promised
