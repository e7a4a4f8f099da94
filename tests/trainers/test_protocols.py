"""The protocols of clients that can't be installed here, as their sources write them, against faults as they take them.

slime (slime/rollout/rm_hub), read at 2026-08-21: POST {prompt, response, label}; any failure is tried again up to ten
times; the JSON body is the reward.
"""

import asyncio
import subprocess
import sys

import httpx
import pytest

from tests.conftest import ROOT, Service
from tests.faults import Fault, faulty

pytestmark = pytest.mark.e2e

SAMPLE = {"prompt": "What's 44 + 41 + 25?", "response": "<think>I add.</think><answer>110</answer>", "label": "110"}


async def slime(url: str, sample: dict[str, object], tries: int = 10) -> object:
    async with httpx.AsyncClient(timeout=120) as client:
        for attempt in range(tries):
            try:
                answer = await client.post(url, json=sample)
                answer.raise_for_status()
                return answer.json()
            except httpx.HTTPError:
                if attempt + 1 == tries:
                    raise
                await asyncio.sleep(0.05)
    raise AssertionError


async def test_slime_tries_again_until_there_is_a_number(service: Service):
    faults = [Fault(status=503), Fault(status=429), Fault(drop=True), Fault(delay_s=1)]
    with faulty(service.url, faults) as proxy:
        url = f"{proxy.url}/compat/slime?rubric=r1-zero"
        assert await slime(url, SAMPLE) == 2.0
        with pytest.raises(httpx.HTTPStatusError, match="422"):
            await slime(url, {**SAMPLE, "label": None}, tries=2)
        rewards = await asyncio.gather(*(slime(url, SAMPLE) for _ in range(64)))
        assert rewards == [2.0] * 64


def test_the_example_of_ones_own_loop(service: Service):
    example = ROOT / "examples" / "trainers" / "own_loop.py"
    done = subprocess.run([sys.executable, example, "--url", service.url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["+1.000", "+1.000", "-1.000", "-1.000"]
