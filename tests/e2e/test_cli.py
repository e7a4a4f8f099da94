"""The commands that people type, against a real service."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Service, processes_of

pytestmark = pytest.mark.e2e

ROWS = [
    {
        "id": f"q{n}",
        "group": f"g{n // 4}",
        "prompt": "What is 2 + 2?",
        "completion": f"<think>Two and two make {4 + n % 2}.</think><answer>{4 + n % 2}</answer>",
        "reference": {"kind": "math", "answer": "4"},
        "meta": {"labelled_correct": n % 2 == 0 or n == 1},
        "other_column": "is left alone",
    }
    for n in range(40)
]


def assay(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "160", **environment},
    )


@pytest.fixture
def rollouts(tmp_path: Path) -> Path:
    path = tmp_path / "rollouts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def test_score_shows_a_summary_and_writes_results(service: Service, rollouts: Path, tmp_path: Path):
    results = tmp_path / "out.jsonl"
    done = assay("score", str(rollouts), "--url", service.url, "--out", str(results))
    assert done.returncode == 0, done.stderr
    assert "40 completions" in done.stdout
    assert "10 groups, pass rate 0.500" in done.stdout
    assert "agrees with meta.labelled_correct on 39 of 40: 97.50%" in done.stdout
    assert "q1" in done.stdout
    written = [json.loads(line) for line in results.read_text().splitlines()]
    assert [row["id"] for row in written] == [row["id"] for row in ROWS]
    assert {row["components"]["accuracy"]["score"] for row in written} == {0.0, 1.0}


def test_score_starts_a_service_for_itself_and_leaves_nothing(rollouts: Path, tmp_path: Path):
    done = assay("score", str(rollouts), "--rubric", "r1-zero", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "40 completions" in done.stdout
    assert list(tmp_path.glob("assay-*")) == []
    assert processes_of(tmp_path) == []


def test_score_takes_a_rubric_from_a_file(service: Service, rollouts: Path, tmp_path: Path):
    rubric = tmp_path / "mine.toml"
    rubric.write_text('[components.only]\nreward = "format"\nweight = 3\n')
    done = assay("score", str(rollouts), "--url", service.url, "--rubric", str(rubric))
    assert done.returncode == 0, done.stderr
    assert "3.0000" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["score", "/nowhere.jsonl"], "no such file"),
        (["score", "{broken}"], ":2: not JSON"),
        (["score", "{rollouts}", "--url", "http://127.0.0.1:9"], "ConnectError"),
        (["score", "{rollouts}", "--url", "{url}", "--rubric", "nope"], "unknown rubric"),
        (["worker", "--lanes", "gpu"], "unknown lanes gpu"),
    ],
)
def test_a_mistake_is_answered_with_what_is_wrong(
    service: Service, rollouts: Path, tmp_path: Path, arguments: list[str], says: str
):
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"completion": "a"}\n{oops\n')
    done = assay(*(a.format(rollouts=rollouts, broken=broken, url=service.url) for a in arguments))
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_shows_every_shipped_completion(service: Service):
    done = assay("demo", "--url", service.url)
    assert done.returncode == 0, done.stderr
    for about in ("right, all tags", "tags in the wrong order", "Chinese in an English thought", "empty"):
        assert about in done.stdout


def test_doctor_names_what_it_found():
    done = assay("doctor")
    assert done.returncode == 0, done.stdout
    assert "queue server" in done.stdout
    assert "accuracy" in done.stdout


def test_a_request_id_reaches_the_logs_of_api_and_child(service: Service):
    import httpx

    body = {"items": [{"completion": "raise"}], "rubric": {"components": {"h": {"reward": "hostile"}}}}
    response = httpx.post(f"{service.url}/v1/score", json=body, headers={"x-request-id": "follow-me"}, timeout=30)
    request = response.headers["x-request-id"]
    logs = {path.stem: path.read_text() for path in (service.folder / "logs").glob("*.log")}
    assert request in logs["api"]
    lines = [json.loads(line) for line in logs["worker-0"].splitlines() if line.startswith("{")]
    failed = [line for line in lines if line["event"] == "reward_failed" and line["request"] == request]
    assert len(failed) == 1
    assert failed[0]["process"] == "child"
    assert "as told" in failed[0]["exception"]
