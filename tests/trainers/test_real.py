"""The real trainers and clients, scored by a real service: each example of examples/trainers."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Service
from tests.trainers.conftest import VENV, Trainers, needs

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_trls_grpo_trainer_learns_by_assays_rewards(service: Service, trainers: Trainers):
    needs(trainers, "trl")
    line = trainers.last_line("trl_grpo.py", "--steps", "150", "--url", service.url)
    found = re.fullmatch(r"steps (\d+) first ([\d.]+) last ([\d.]+)", line)
    assert found, line
    assert int(found[1]) == 150
    assert float(found[3]) > float(found[2]) + 0.3


def test_openrlhfs_own_executor_gets_its_rewards(service: Service, trainers: Trainers):
    needs(trainers, "openrlhf.utils.agent")
    found = json.loads(trainers.last_line("openrlhf_reward.py", "--url", service.url))
    assert found["url"][:3] == found["file"][:3] == [[2.0], [1.0], [0.0]]
    assert len(found["url"]) == len(found["file"]) == 24
    assert found["strict"] == [[2.0], [1.0], None], "without on_abstain an abstention is no reward"


def test_verls_own_sandbox_client_and_loader(service: Service, trainers: Trainers):
    needs(trainers, "verl.utils.reward_score.sandbox_fusion")
    found = json.loads(trainers.last_line("verl_reward.py", "--url", service.url))
    assert found["sandbox"] == {"right": 1.0, "half": 0.5, "function": 1.0, "crash": 0.0, "hanging": 0.0}
    assert [one["score"] for one in found["function"]] == [2.0, 1.0, 0.0]
    assert [one["assay_abstained"] for one in found["function"]] == [0.0, 0.0, 1.0]
    assert len({tuple(one) for one in found["function"]}) == 1


def test_a_task_of_verifiers(service: Service, trainers: Trainers):
    needs(trainers, "verifiers.v1")
    found = json.loads(trainers.last_line("verifiers_task.py", ASSAY_URL=service.url))
    assert found[:2] == [2.0, 1.0]
    assert found[2].startswith("TaskError")
    assert "bad_reference" in found[2]


def test_a_rubric_of_verifiers(service: Service, trainers: Trainers):
    path = VENV / "verifiers-0.1"
    needs(trainers, "verifiers.rubrics.rubric", path)
    found = json.loads(trainers.last_line("verifiers_rubric.py", ASSAY_URL=service.url, PYTHONPATH=str(path)))
    assert [one["reward"] for one in found] == [2.0, 1.0, None]
    assert [one["advantage"] for one in found] == [0.5, -0.5, 0.0]
    assert "bad_reference" in found[2]["error"]


def test_tasks_of_reasoning_gym(service: Service, trainers: Trainers):
    needs(trainers, "reasoning_gym")
    found = json.loads(trainers.last_line("reasoning_gym_tasks.py", "--url", service.url, "--size", "20"))
    assert found["items"] == 240
    assert found["right"] >= 120
    assert found["differing"] == []


def test_a_client_works_in_the_workers_of_a_data_loader(service: Service, trainers: Trainers):
    needs(trainers, "torch")
    script = Path(__file__).with_name("loaders.py")
    done = subprocess.run(
        [trainers.python, script, service.url], env=trainers.environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    singles = [float(n == 3) for n in range(16)]
    scored = [singles, [1.0 + one for one in singles], 2]
    assert json.loads(done.stdout.strip().splitlines()[-1]) == {"fork": scored, "spawn": scored}
