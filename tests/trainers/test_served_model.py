"""`assay eval`, `sample` and `coldstart` against a real OpenAI-compatible server: transformers serving a tiny model."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.conftest import ROOT, free_port
from tests.trainers.conftest import VENV, Trainers, needs

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
_START_S = 120


class Served(NamedTuple):
    url: str
    model: str


@pytest.fixture(scope="module")
def served(trainers: Trainers, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    needs(trainers, "transformers")
    needs(trainers, "fastapi")
    folder = tmp_path_factory.mktemp("served") / "tiny"
    script = Path(__file__).with_name("tiny_model.py")
    subprocess.run([trainers.python, script, folder], env=trainers.environment, check=True, capture_output=True)
    port = free_port()
    command = [VENV / "bin" / "transformers", "serve", folder, "--host", "127.0.0.1", "--port", str(port)]
    log = (folder.parent / "log").open("wb")
    process = subprocess.Popen(command, env=trainers.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + _START_S
        while True:
            assert process.poll() is None, (folder.parent / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the server did not start"
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.5)
        yield Served(f"http://127.0.0.1:{port}/v1", str(folder))
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def run(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout + done.stderr


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    rows = ({"question": f"What is {n} + 1?", "answer": f"#### {n + 1}"} for n in range(4))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_eval(served: Served, questions: Path, tmp_path: Path) -> None:
    about = ("--endpoint", served.url, "--model", served.model, "-n", "2", "--max-tokens", "16", "--concurrency", "2")
    run("eval", questions, *about, "--out", tmp_path / "out")
    found = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert (found["questions"], found["samples"], found["abstained"]) == (4, 8, 0)
    assert found["mean_tokens"] is not None
    rows = [json.loads(line) for line in (tmp_path / "out" / "samples.jsonl").read_text().splitlines()]
    assert all(row["meta"]["prompt_tokens"] > 0 for row in rows)


def test_sample_drops_what_a_random_model_writes(served: Served, questions: Path, tmp_path: Path) -> None:
    about = ("--endpoint", served.url, "--model", served.model, "-n", "1", "--max-tokens", "16", "--concurrency", "2")
    run("sample", questions, *about, "--out", tmp_path / "out")
    funnel = json.loads((tmp_path / "out" / "funnel.json").read_text())["funnel"]
    assert funnel["completions"] == 4
    assert funnel["right"] == 0


def test_coldstart_rejects_it(served: Served, tmp_path: Path) -> None:
    about = ("--endpoint", served.url, "--model", served.model, "--attempts", "2", "--max-tokens", "16")
    said = run("coldstart", "--count", "2", *about, "--concurrency", "2", "--out", tmp_path / "cold.jsonl")
    assert "0 kept, 2 rejected" in said.replace("\n", " ")
