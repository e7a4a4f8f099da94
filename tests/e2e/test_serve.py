"""`assay serve`: starts, stops, and keeps to itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.conftest import Service, processes_of

pytestmark = pytest.mark.e2e


def _gone(folder: Path, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not processes_of(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process(new_service: Callable[..., Service], number: int):
    service = new_service()
    assert len(processes_of(service.folder)) >= 5
    output = service.stop(number)
    assert service.url in output
    assert "curl" in output
    assert str(service.folder / "logs") in output
    assert service.process is not None
    assert service.process.returncode == 0
    assert processes_of(service.folder) == []


def test_a_killed_supervisor_leaves_no_process(new_service: Callable[..., Service]):
    service = new_service()
    service.stop(signal.SIGKILL)
    assert _gone(service.folder)


def test_a_stop_during_the_start_leaves_no_process(tmp_path: Path):
    service = Service(tmp_path)
    environment = {**os.environ, "ASSAY_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(service.port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 30
    while len(processes_of(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert _gone(tmp_path)


def test_two_services_on_one_machine_do_not_meet(new_service: Callable[..., Service]):
    one, two = new_service("one"), new_service("two")
    one.score([{"completion": "a"}], rubric="r1-zero")
    assert 'assay_items_total{outcome="abstained",rubric="r1-zero"} 1.0' in httpx.get(f"{one.url}/metrics").text
    assert "assay_items_total{" not in httpx.get(f"{two.url}/metrics").text


def test_a_dead_worker_is_replaced(new_service: Callable[..., Service]):
    service = new_service()
    before = set(service.pids("app.cli worker"))
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not set(service.pids("app.cli worker")) - before:
        time.sleep(0.1)
    assert service.score([{"completion": "a"}], rubric="r1-zero")["usage"]["items"] == 1


def _serve(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--data-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_folder_or_port_in_use_is_said_plainly(service: Service, tmp_path: Path):
    taken = _serve(tmp_path, service.port)
    assert (taken.returncode, "--port" in taken.stderr) == (1, True)
    folder = _serve(service.folder, Service(tmp_path).port)
    assert (folder.returncode, "--data-dir" in folder.stderr) == (1, True)
