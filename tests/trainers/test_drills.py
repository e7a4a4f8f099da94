"""Failure drills with the real trainers: what docs/trainers promises is what happens, and no zero is made up."""

import json
import os
import re
import signal
import time

import pytest

from tests.conftest import Service, free_port
from tests.faults import Fault, faulty
from tests.trainers.conftest import Trainers, needs

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BUSY = Fault(status=429, headers=(("retry-after", "1"),))
AWAY = Fault(status=503, headers=(("retry-after", "1"),))
GATEWAY = Fault(status=504)
DROP = Fault(drop=True)
CUT = Fault(cut=True)
SLOW = Fault(delay_s=3)


def components(printed: str) -> dict[str, float]:
    found = re.search(r"components (\{.*\})", printed)
    assert found, printed
    return json.loads(found[1].replace("'", '"'))


def test_trl_waits_out_every_passing_fault(service: Service, trainers: Trainers):
    needs(trainers, "trl")
    with faulty(service.url, [DROP, AWAY, BUSY, CUT, SLOW, GATEWAY]) as proxy:
        code, printed, errors = trainers.run("trl_grpo.py", "--steps", "3", "--url", proxy.url)
        assert code == 0, errors[-2000:]
        assert "steps 3 " in printed
        assert components(printed)["assay/abstained"] == 0.0
        assert len(proxy.seen) >= 8, "three steps, and five attempts that failed"


def test_trl_waits_for_a_service_that_is_down_at_the_start(service: Service, trainers: Trainers):
    needs(trainers, "trl")
    port = free_port()
    process = trainers.start("trl_grpo.py", "--steps", "1", "--url", f"http://127.0.0.1:{port}")
    try:
        time.sleep(15)
        with faulty(service.url, port=port):
            printed, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors[-2000:]
        assert "steps 1 " in printed
    finally:
        process.kill()


def test_trl_ends_with_the_error_when_the_service_stays_away(trainers: Trainers):
    needs(trainers, "trl")
    dead = f"http://127.0.0.1:{free_port()}"
    code, _, errors = trainers.run("trl_grpo.py", "--steps", "1", "--url", dead, "--deadline", "2")
    assert code != 0
    assert "assay_client._errors.Unreachable" in errors


def test_trl_goes_on_when_the_api_is_killed_in_the_middle(new_service, trainers: Trainers):
    needs(trainers, "trl")
    running: Service = new_service("killed")
    process = trainers.start("trl_grpo.py", "--steps", "25", "--url", running.url)
    try:
        log = running.folder / "logs"
        deadline = time.monotonic() + 200
        while sum(file.read_text().count('"scored"') for file in log.glob("api*")) < 5:
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()[1][-2000:]
            time.sleep(0.1)
        for pid in running.pids("app.cli api"):
            os.kill(pid, signal.SIGKILL)
        printed, errors = process.communicate(timeout=250)
        assert process.returncode == 0, errors[-2000:]
        assert "steps 25 " in printed
        assert components(printed)["assay/abstained"] == 0.0
    finally:
        process.kill()


def test_openrlhf_tries_again_and_then_has_no_reward(service: Service, trainers: Trainers):
    needs(trainers, "openrlhf.utils.agent")
    with faulty(service.url, [AWAY, BUSY, DROP, CUT]) as proxy:
        found = json.loads(trainers.last_line("openrlhf_reward.py", "--url", proxy.url, "--copies", "1"))
        assert found["url"] == found["file"] == [[2.0], [1.0], [0.0]]
    with faulty(service.url, always=AWAY) as proxy:
        line = trainers.last_line("openrlhf_reward.py", "--url", proxy.url, "--copies", "1", "--deadline", "1")
        assert json.loads(line) == {name: [None] * 3 for name in ("url", "strict", "file")}, "no reward, and no zero"


def test_verls_sandbox_client_tries_504_again(service: Service, trainers: Trainers):
    needs(trainers, "verl.utils.reward_score.sandbox_fusion")
    with faulty(service.url, [Fault(), GATEWAY, GATEWAY]) as proxy:
        found = json.loads(trainers.last_line("verl_reward.py", "--url", proxy.url))
        assert found["sandbox"]["right"] == 1.0
        assert len([path for _, path, _, _ in proxy.seen if path == "/run_code"]) >= 4


def test_verls_reward_function_ends_the_run_when_the_service_stays_away(trainers: Trainers):
    needs(trainers, "verl.utils.reward_score.sandbox_fusion")
    dead = f"http://127.0.0.1:{free_port()}"
    code, _, errors = trainers.run("verl_reward.py", "--url", dead, "--deadline", "1")
    assert code != 0
    assert "Unreachable" in errors


def test_a_task_of_verifiers_has_an_error_and_no_reward(service: Service, trainers: Trainers):
    needs(trainers, "verifiers.v1")
    with faulty(service.url, [AWAY, BUSY, DROP]) as proxy:
        found = json.loads(trainers.last_line("verifiers_task.py", ASSAY_URL=proxy.url))
        assert found[:2] == [2.0, 1.0]
    with faulty(service.url, always=AWAY) as proxy:
        found = json.loads(trainers.last_line("verifiers_task.py", ASSAY_URL=proxy.url, ASSAY_DEADLINE="1"))
        assert all(one.startswith("TaskError") for one in found)
