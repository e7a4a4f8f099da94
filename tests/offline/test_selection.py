"""Rejection sampling: what is kept, what is dropped, and the mixture."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.offline.extras import InputError
from app.offline.selection.mix import mix
from app.offline.selection.similar import Benchmarks, Near, digest, ngrams, spread
from tests.conftest import ROOT
from tests.offline.scripted import serving


def right(n: int, thought: str = "Two and two are four, as everybody knows") -> str:
    return f"<think>{thought}.</think><answer>{n}</answer>"


def rows_of(group: str, prompt: str, answer: str, completions: list[str]) -> list[dict[str, Any]]:
    reference = {"kind": "math", "answer": answer}
    return [
        {"id": f"{group}/{n}", "group": group, "prompt": prompt, "completion": text, "reference": reference}
        for n, text in enumerate(completions)
    ]


CODE = "<think>I run it.\n```python\nprint(4)\n```\nThat is what it prints.</think><answer>4</answer>"
MIXED = (
    "<think>First I add the two numbers and see what comes out of it. 然后我们把两个数字加在一起，得到的结果就是四。"
    "所以答案是四，我们已经检查过了。</think><answer>4</answer>"
)
LOOP = f"<think>{'I add two and two. ' * 60}"
DATA = [
    *rows_of("always", "What is 2 + 2?", "4", [right(4), right(4), right(4, "I count on my fingers: three, four")]),
    *rows_of("never", "What is 9 times 7?", "63", [right(64), right(65)]),
    *rows_of("filters", "What is 1 + 3?", "4", [CODE, MIXED, LOOP + "</think><answer>4</answer>", right(4, "It is")]),
    *rows_of("half", "A farm has 3 cows and 4 hens. How many animals?", "7", [right(7), right(8)]),
    *rows_of("bench", "Natalia sold clips to 48 friends in April and half as many in May", "72", [right(72)]),
]


def run(*arguments: str | Path, code: int = 0) -> str:
    command = [sys.executable, "-m", "app.cli", "sample", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout + done.stderr


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rollouts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in DATA))
    return path


@pytest.mark.e2e
def test_keeps_what_is_right_readable_and_new(tmp_path: Path, data: Path) -> None:
    bench = tmp_path / "bench.jsonl"
    bench.write_text(json.dumps({"question": DATA[-1]["prompt"].upper() + "!", "answer": "#### 72"}) + "\n")
    run(data, "--out", tmp_path / "out", "-k", "4", "--choose", "first", "--benchmark", bench, "--ngram", "8")
    kept = lines(tmp_path / "out" / "reasoning.jsonl")
    assert [row["meta"]["id"] for row in kept] == ["always/0", "always/2", "filters/3", "half/0"]
    funnel = json.loads((tmp_path / "out" / "funnel.json").read_text())["funnel"]
    assert funnel["completions"] == len(DATA)
    assert list(funnel.values()) == sorted(funnel.values(), reverse=True)
    assert funnel["right"] == 9
    assert funnel["no near-duplicates"] == 4
    assert (tmp_path / "out" / "funnel.html").read_text().count("<svg") == 1
    prompts = lines(tmp_path / "out" / "prompts.jsonl")
    assert [p["id"] for p in prompts] == ["always", "filters", "half"]
    assert prompts[0]["reference"] == {"kind": "math", "answer": "4"}


@pytest.mark.e2e
def test_band_of_pass_rates_and_mixture(tmp_path: Path, data: Path) -> None:
    other = tmp_path / "writing.jsonl"
    other.write_text("".join(json.dumps({"prompt": f"w{n}", "completion": "x"}) + "\n" for n in range(9)))
    run(data, "--out", tmp_path / "out", "--min-pass", "0.1", "--max-pass", "0.9", "--mix", other, "--mix-ratio", "1")
    rows = lines(tmp_path / "out" / "sft.jsonl")
    sources = sorted(row["meta"]["source"] for row in rows)
    assert sources == ["rejection-sampling", "writing"]
    assert [m["role"] for row in rows for m in row["messages"]] == ["user", "assistant"] * 2


@pytest.mark.e2e
def test_samples_from_an_endpoint_and_goes_on(tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        "".join(json.dumps({"question": f"What is {n} + 1?", "answer": f"#### {n + 1}"}) + "\n" for n in range(5))
    )

    def answer(body: dict[str, Any], number: int) -> str | int:
        n = int(body["messages"][-1]["content"].split()[2])
        return 429 if number % 5 == 0 else right(n + 1, f"Adding one to {n} gives {n + 1}, sample {body['seed']}")

    with serving(answer) as script:
        run(questions, "--out", tmp_path / "out", "--endpoint", script.url, "--model", "m", "-n", "2")
        asked = len(script.requests)
        run(questions, "--out", tmp_path / "out", "--endpoint", script.url, "--model", "m", "-n", "2")
        assert len(script.requests) == asked
    assert len(lines(tmp_path / "out" / "samples.jsonl")) == 10
    assert len(lines(tmp_path / "out" / "sft.jsonl")) == 5


@pytest.mark.e2e
def test_eval_reports_pass_at_k(tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        "".join(json.dumps({"question": f"What is {n} + 1?", "answer": f"#### {n + 1}"}) + "\n" for n in range(8))
    )

    def answer(body: dict[str, Any], _: int) -> dict[str, str]:
        n = int(body["messages"][-1]["content"].split()[2])
        said = n + 1 if n % 2 == 0 or body["seed"] % 4 == 0 else n
        return {"reasoning_content": "I add one.", "content": f"The answer is {said}."}

    with serving(answer) as script:
        command = [sys.executable, "-m", "app.cli", "eval", str(questions), "--endpoint", script.url, "--model", "m/1"]
        done = subprocess.run(
            [*command, "-n", "4", "--seed", "0", "--out", str(tmp_path / "out")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    result = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert (result["questions"], result["samples"], result["abstained"]) == (8, 32, 0)
    assert result["pass_at"]["1"]["mean"] == pytest.approx((4 + 4 * 0.25) / 8)
    assert result["pass_at"]["4"]["mean"] == 1.0
    assert result["pass_at"]["1"]["low"] < result["pass_at"]["1"]["mean"] < result["pass_at"]["1"]["high"]
    assert (tmp_path / "out" / "report.html").exists()


def test_contamination_is_a_shared_ngram_or_a_whole_short_question() -> None:
    long = "one two three four five six seven eight nine ten"
    benchmarks = Benchmarks([long, "short question here"], 5)
    assert benchmarks.holds("zero ONE, two-three four five!")
    assert benchmarks.holds("Short question: here?")
    assert not benchmarks.holds("one two three four six five")
    assert not benchmarks.holds("a short question here")
    assert not benchmarks.holds("")


def test_equal_but_for_case_space_and_points() -> None:
    assert digest("A  b, c.") == digest("a b c")
    assert digest("a b") != digest("ab")
    assert ngrams("", 3) == set()


def test_near_and_spread() -> None:
    base = "the quick brown fox jumps over the lazy dog and runs far away from the farm into the dark wood at night"
    near = Near(0.6)
    assert not near.seen("a", base)
    assert near.seen("b", base + " again")
    assert not near.seen("c", "something else entirely, with no word in common whatsoever between both of these texts")
    texts = [base, base + " again", "a wholly different story about a ship that never reached any harbour at all"]
    assert spread(texts, 2) == [2, 0] or spread(texts, 2)[0] == 2
    assert spread(texts, 5) == [0, 1, 2]


def test_mixture_keeps_all_reasoning_and_is_the_same_each_time(tmp_path: Path) -> None:
    reasoning, other = tmp_path / "r.jsonl", tmp_path / "qa.jsonl"
    reasoning.write_text("".join(json.dumps({"messages": [], "meta": {"n": n}}) + "\n" for n in range(30)))
    other.write_text("".join(json.dumps({"messages": [{"role": "user", "content": str(n)}]}) + "\n" for n in range(50)))
    mixed = mix(reasoning, [other], 3, tmp_path / "a.jsonl", 1)
    assert mixed == (30, {"qa": 10})
    mix(reasoning, [other], 3, tmp_path / "b.jsonl", 1)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert len(lines(tmp_path / "a.jsonl")) == 40
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")
    with pytest.raises(InputError, match="neither"):
        mix(reasoning, [bad], 1, tmp_path / "c.jsonl", 1)
