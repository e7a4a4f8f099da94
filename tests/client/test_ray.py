"""One client, made in the driver, in Ray's actors: each has a copy with connections of its own."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import Service

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_TIME_S = 120

PROGRAM = """
import asyncio, json, os, sys
import ray
from assay_client import Client, trl

URL = sys.argv[1]
ACCURACY = {"name": "accuracy", "components": {"accuracy": {"reward": "accuracy"}}}

def item(answer):
    return {"completion": f"<answer>{answer}</answer>", "reference": {"kind": "math", "answer": "110"}}

class Scorer:
    def __init__(self, client, reward):
        self.client, self.reward = client, reward

    def score(self, answers):
        batch = self.client.score([item(answer) for answer in answers], ACCURACY).rewards
        single = self.client.score_one(item(110), ACCURACY).reward
        rewards = self.reward(prompts=["?"], completions=["<answer>110</answer>"], answer=["110"])
        return os.getpid(), batch, single, rewards

class AsyncScorer(Scorer):
    async def one(self, answer):
        # A blocking call would hold up the actor's loop: many at once go through a thread each.
        return (await asyncio.to_thread(self.client.score_one, item(answer), ACCURACY)).reward

ray.init(address="local", num_cpus=3, include_dashboard=False, configure_logging=False, log_to_driver=False)
with Client(URL, deadline_s=30) as client:
    client.score([item(1)], ACCURACY)  # The driver's connections are open: they must not travel.
    reward = trl.reward(ACCURACY, URL)
    actors = [ray.remote(Scorer).remote(client, reward) for _ in range(2)]
    calls = [actor.score.remote([110, 7, n]) for n in range(5) for actor in actors]
    awaited = ray.remote(AsyncScorer).options(max_concurrency=8).remote(client, reward)
    found = {"actors": ray.get(calls), "async": ray.get([awaited.one.remote(n) for n in (110, 7) * 8])}
    found["driver"] = [os.getpid(), client.score([item(110)], ACCURACY).rewards]
ray.shutdown()
print(json.dumps(found))
"""


def test_a_client_works_in_ray_actors(service: Service):
    pytest.importorskip("ray", reason="ray is not installed: pip install 'assay[ray]'")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, service.url],
        env={**environment, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"},
        capture_output=True,
        text=True,
        timeout=_TIME_S,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert [call[1:] for call in found["actors"]] == [[[1.0, 0.0, 0.0], 1.0, [1.0]]] * 10
    assert len({call[0] for call in found["actors"]} | {found["driver"][0]}) == 3, "two actors and the driver"
    assert found["async"] == [1.0, 0.0] * 8
    assert found["driver"][1] == [1.0]
