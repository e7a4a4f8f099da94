"""The files that trainers load: each is run, and called as its trainer calls it."""

import asyncio
import runpy
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.conftest import ROOT, Service
from tests.trainers.conftest import EXAMPLES, Trainers, needs

pytestmark = pytest.mark.e2e

ASKED = "What's 44 + 41 + 25?"
RIGHT = "<think>I add them up.</think><answer>110</answer>"
WRONG = "<think>I add them up.</think><answer>7</answer>"
TESTED = {
    "own_loop.py", "openrlhf_reward.py", "reasoning_gym_tasks.py", "trl_grpo.py", "verifiers_rubric.py",
    "verifiers_task.py", "verl_reward.py",
}  # fmt: skip
"""By test_real.py and test_protocols.py."""


@pytest.fixture
def load(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ASSAY_URL", service.url)
    return lambda name: runpy.run_path(str(EXAMPLES / name))


def test_slimes_file(load: Any):
    reward = load("slime_rewards.py")["reward"]
    samples = [SimpleNamespace(prompt=ASKED, response=text, label="110", metadata=None) for text in (RIGHT, WRONG)]
    assert asyncio.run(reward(None, samples[0])) == 2.0
    assert asyncio.run(reward(None, samples)) == [2.0, 1.0]


def test_easy_r1s_file(load: Any):
    file = load("easy_r1_reward.py")
    assert file["REWARD_TYPE"] == "batch"
    inputs = [{"response": text, "response_length": 9, "ground_truth": "110"} for text in (RIGHT, WRONG)]
    assert [one["accuracy"] for one in file["compute_score"](inputs)] == [1.0, 0.0]


def test_areals_file(load: Any):
    assert load("areal_reward.py")["reward_fn"](ASKED, RIGHT, [1], [2], answer="110") == 2.0


def test_openrlhfs_file(load: Any):
    assert load("openrlhf_function.py")["reward_func"]([ASKED + RIGHT], [ASKED], ["110"])["rewards"] == [2.0]


def test_oats_file(load: Any):
    oracle = load("oat_oracle.py")["oracle"]
    rewards, metrics = oracle.compare([ASKED] * 2, [RIGHT, WRONG], ["110", "110"])
    assert rewards == [2.0, 1.0]
    assert metrics["assay/accuracy"] == 0.5


def test_swifts_file_registers_a_reward(load: Any, monkeypatch: pytest.MonkeyPatch):
    table: dict[str, Any] = {}
    rewards = ModuleType("swift.rewards")
    rewards.__dict__["orms"] = table  # ms-swift's own table of rewards, where ms-swift is not installed.
    monkeypatch.setitem(sys.modules, "swift", ModuleType("swift"))
    monkeypatch.setitem(sys.modules, "swift.rewards", rewards)
    load("swift_plugin.py")
    found = asyncio.run(table["assay"](args=None)([RIGHT, WRONG], solution=["110", "110"], trainer_state=None))
    assert found == [2.0, 1.0]


SWIFT = """
import runpy, torch
from types import SimpleNamespace
runpy.run_path({plugin!r})
from swift.rewards import orms
from swift.rl_core.grpo_algorithm import compute_rewards_per_func

def sample(completion, answer):
    messages = [{{"role": "user", "content": {asked!r}}}, {{"role": "assistant", "content": completion}}]
    return SimpleNamespace(messages=messages, to_reward_row=lambda: {{"messages": messages, "solution": answer}})

samples = [sample({right!r}, "110"), sample({wrong!r}, "110"), sample({right!r}, "")]
made = orms["assay"](args=None)
print(compute_rewards_per_func(samples, [made], None, device=torch.device("cpu")).flatten().tolist())
"""


@pytest.mark.slow
def test_swift_itself_computes_rewards_by_the_file(service: Service, trainers: Trainers):
    needs(trainers, "swift.rl_core.grpo_algorithm")
    program = SWIFT.format(plugin=str(EXAMPLES / "swift_plugin.py"), asked=ASKED, right=RIGHT, wrong=WRONG)
    environment = {**trainers.environment, "ASSAY_URL": service.url}
    done = subprocess.run(
        [trainers.python, "-c", program], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip().splitlines()[-1:] == ["[2.0, 1.0, nan]"], done.stderr[-2000:]


def test_every_example_is_run_by_a_test():
    loaded = {"slime_rewards.py", "easy_r1_reward.py", "areal_reward.py", "oat_oracle.py", "swift_plugin.py"}
    found = {path.name for path in (ROOT / "examples" / "trainers").glob("*.py")}
    assert found == TESTED | loaded | {"openrlhf_function.py"}
