"""Whole runs: every row once and in order, whatever happens on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from tests.conftest import ROOT

RIGHT, WRONG = "<think>Two and two are four.</think><answer>4</answer>", "<think>I guess.</think><answer>5</answer>"


def write_rows(path: Path, count: int, *, bad: tuple[int, ...] = ()) -> Path:
    lines: list[str] = []
    for n in range(1, count + 1):
        row: dict[str, Any] = {
            "id": f"r{n}",
            "group": f"g{(n - 1) // 4}",
            "prompt": "What is 2 + 2?",
            "completion": (RIGHT if n % 3 else WRONG).replace("<think>", f"<think>Case {n}. "),
            "reference": {"kind": "math", "answer": "4"},
            "meta": {"score": n % 2},
        }
        lines.append("{" if n in bad else json.dumps(row))
    path.write_text("\n".join(lines) + "\n")
    return path


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "app.cli", "rescore", *map(str, arguments)]


def run(*arguments: str | Path, code: int = 0) -> str:
    done = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stderr + done.stdout


def table(folder: Path) -> list[dict[str, Any]]:
    return ds.dataset(sorted(str(p) for p in folder.glob("part-*.parquet"))).to_table().to_pylist()


@pytest.mark.e2e
def test_rows_come_out_once_in_order_with_rewards_and_a_report(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "in.jsonl", 300, bad=(7, 300))
    said = run(data, "--out", tmp_path / "out", "--keep-text", "--evidence")
    rows = table(tmp_path / "out")
    assert [row["id"] for row in rows] == [f"r{n}" for n in range(1, 300) if n != 7]
    assert {row["reward"] for row in rows} == {3.0, 2.0}
    assert all((row["accuracy"] == 1.0) == (int(row["id"][1:]) % 3 != 0) for row in rows)
    assert json.loads(rows[0]["accuracy_evidence"])
    assert rows[0]["prompt"] == "What is 2 + 2?"
    bad = [json.loads(line) for line in (tmp_path / "out" / "bad.jsonl").read_text().splitlines()]
    assert [row["row"] for row in bad] == [7, 300]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["rows"], manifest["bad_rows"]) == (298, 2)
    assert "accuracy" in manifest["versions"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<svg") >= 4
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["languages"]["en"] > 0
    assert sum(report["previous"]["confusion"].values()) == 298
    assert "pass@1" in said


@pytest.mark.e2e
def test_run_killed_at_any_time_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    """SIGKILL twice, SIGINT once, then to the end: the rows of a run that nobody disturbed."""
    data = write_rows(tmp_path / "in.jsonl", 90_000, bad=(100, 16_000))
    environment = {**os.environ, "ASSAY_PART_ROWS": "1000"}
    for number, more in ((signal.SIGKILL, 1), (signal.SIGKILL, 2), (signal.SIGINT, 1)):
        before = len(list((tmp_path / "out").glob("part-*.parquet")))  # the last one may have written more than asked
        process = subprocess.Popen(
            command(data, "--out", tmp_path / "out"),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while len(list((tmp_path / "out").glob("part-*.parquet"))) < before + more:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        process.wait(60)
        if number == signal.SIGINT:
            assert process.returncode == 130
    said = run(data, "--out", tmp_path / "out")
    assert "resuming" in said
    rows = table(tmp_path / "out")
    assert [row["row"] for row in rows] == [n for n in range(1, 90_001) if n not in (100, 16_000)]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["bad_rows"] == 2
    assert all((row["accuracy"] == 1.0) == (row["row"] % 3 != 0) for row in rows)


@pytest.mark.e2e
@pytest.mark.parametrize("wait_s", [0.0, 0.2])
def test_interrupt_while_it_starts_prints_no_insides(tmp_path: Path, wait_s: float) -> None:
    """As a terminal sends it: to every process at once, while they import."""
    data = write_rows(tmp_path / "in.jsonl", 30_000)
    process = subprocess.Popen(
        command(data, "--out", tmp_path / "out"),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(wait_s)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert "KeyboardInterrupt" not in said, said  # the standard fork server may lose its parent as it takes an order
    assert "/app/" not in said, said


@pytest.mark.e2e
def test_folder_of_another_run_is_not_touched(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "in.jsonl", 8)
    run(data, "--out", tmp_path / "out", "--no-report")
    assert "another 'rubric'" in run(data, "--out", tmp_path / "out", "--rubric", "r1-zero", code=2)
    with data.open("a") as file:
        file.write('{"completion": "x"}\n')
    assert "another 'inputs'" in run(data, "--out", tmp_path / "out", code=2)
    run(data, "--out", tmp_path / "out", "--restart", "--no-report")
    assert len(table(tmp_path / "out")) == 9


@pytest.mark.e2e
def test_item_that_kills_its_process_costs_itself_alone(tmp_path: Path) -> None:
    data = tmp_path / "in.jsonl"
    program = "```python\nimport os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n```"
    items: list[dict[str, Any]] = [{"completion": RIGHT, "reference": {"kind": "math", "answer": "4"}}] * 3
    items.append({"completion": program, "reference": {"kind": "code", "tests": [{"input": "", "output": "1"}]}})
    data.write_text("".join(json.dumps(item) + "\n" for item in items))
    run(data, "--out", tmp_path / "out", "--no-report")
    rows = table(tmp_path / "out")
    assert [row["accuracy"] for row in rows[:3]] == [1.0] * 3
    assert rows[3]["accuracy"] != 1.0


@pytest.mark.e2e
def test_group_rewards_see_whole_groups(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "in.jsonl", 600)
    rubric = tmp_path / "with-advantage.toml"
    rubric.write_text(
        '[components.accuracy]\nreward = "accuracy"\n[components.advantage]\nreward = "group/advantage"\nweight = 0.0\n'
    )
    run(data, "--out", tmp_path / "out", "--rubric", rubric)
    groups: dict[str, list[float]] = {}
    for row in table(tmp_path / "out"):
        groups.setdefault(row["group"], []).append(row["advantage"])
    assert len(groups) == 150
    assert all(len(g) == 4 and abs(sum(g)) < 1e-6 for g in groups.values())


@pytest.mark.e2e
@pytest.mark.parametrize("engine", ["service", "ray"])
def test_engines_agree(tmp_path: Path, engine: str) -> None:
    if engine == "ray":
        pytest.importorskip("ray", reason="ray is not installed: pip install 'assay[ray]'")
    data = write_rows(tmp_path / "in.jsonl", 200)
    run(data, "--out", tmp_path / "a", "--no-report")
    run(data, "--out", tmp_path / "b", "--no-report", "--engine", engine, "--children", "2")
    kept = ("id", "content_id", "reward", "accuracy", "accuracy_status", "format", "language", "row")
    first, second = ([{k: row[k] for k in kept} for row in table(tmp_path / f)] for f in "ab")
    assert first == second
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "diff", tmp_path / "a", tmp_path / "b", "--html", tmp_path / "d.html"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "d.html").read_text().startswith("<!doctype html>")


@pytest.mark.e2e
def test_service_that_is_not_there_is_said_before_the_run_waits_for_it(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "in.jsonl", 3)
    said = run(data, "--out", tmp_path / "out", "--url", "http://127.0.0.1:9", code=1)
    assert "http://127.0.0.1:9" in said
    assert not list((tmp_path / "out").glob("part-*"))
