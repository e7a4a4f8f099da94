import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.commands import build

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "rewards"


def assay(*arguments: object) -> Result:
    return CliRunner().invoke(build(["rewards", "rubrics"]), [str(a) for a in arguments])


def test_rewards_and_rubrics_are_listed():
    assert "repetition/loop" in assay("rewards", "list").output
    assert "logic-rl" in assay("rubrics", "list").output


def test_one_of_them_is_shown_as_json():
    assert json.loads(assay("rewards", "show", "length/dapo").output)["range"] == [-1.0, 0.0]
    assert json.loads(assay("rubrics", "show", "r1").output)["components"]["format"]["params"]["template"] == "r1"
    assert assay("rewards", "show", "nope").exit_code == 2
    assert assay("rubrics", "show", "nope").exit_code == 2


def test_the_example_plugin_passes_its_trial():
    result = assay("rewards", "test", EXAMPLES / "brevity.py", EXAMPLES / "data.jsonl", "--params", '{"words": 20}')
    assert result.exit_code == 0, result.output
    assert "brevity long: 0.5 ok {'words': 10}" in result.output


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("raise ValueError('no')", "raised ValueError"),
        ("return Component(7.0)", "out of the reward's bounds"),
        ("return Component(1.0, evidence={'x': object()})", "no JSON"),
        ("return Component(next(scores))", "change its mind"),
    ],
)
def test_a_plugin_with_a_fault_fails_its_trial(body: str, complaint: str, tmp_path: Path):
    plugin = tmp_path / "faulty.py"
    plugin.write_text(
        "from itertools import cycle\nfrom app.rewards.base import Component, Params, reward\n"
        "scores = cycle((0.0, 1.0))\n"
        f"@reward('faulty', version=1, params=Params)\ndef faulty(sample, params):\n    {body}\n"
    )
    result = assay("rewards", "test", plugin, EXAMPLES / "data.jsonl")
    assert result.exit_code == 1
    assert complaint in result.output


LIMITED = """
import ctypes
from app.rewards.base import Component, Limits, Params, group_reward, reward

@reward("limited", version=1, params=Params, limits=Limits(wall_s=1.0, memory_mb=64))
def limited(sample, params):
    if "short" in sample.completion:
        {body}
    return Component(1.0)
"""


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("while True: pass", "took more than 1 s"),
        ("ctypes.string_at(0)", "its process died"),
        ("bytearray(1 << 30)", "raised MemoryError"),
        ("exit(3)", "its process died"),
    ],
)
def test_a_trial_goes_on_after_a_reward_that_loops_crashes_or_eats_memory(body: str, complaint: str, tmp_path: Path):
    plugin, data = tmp_path / "limited.py", tmp_path / "data.jsonl"
    plugin.write_text(LIMITED.format(body=body))
    data.write_text(
        '{"id": "a", "completion": "long"}\n{"id": "b", "completion": "short"}\n{"id": "c", "completion": ""}\n'
    )
    result = assay("rewards", "test", plugin, data)
    assert result.exit_code == 1
    assert "limited a: 1.0 ok" in result.output
    assert f"limited b: {complaint}" in result.output or "used more CPU time" in result.output
    assert "limited c: 1.0 ok" in result.output


def test_a_group_reward_is_tried_on_the_groups_of_the_file(tmp_path: Path):
    plugin, data = tmp_path / "size.py", tmp_path / "data.jsonl"
    plugin.write_text(
        "from app.rewards.base import Component, Params, group_reward\n"
        "@group_reward('size', version=1, params=Params, bounds=(0.0, 9.0))\n"
        "def size(members, params):\n    return [Component(float(len(members))) for _ in members]\n"
        "@group_reward('short', version=1, params=Params)\n"
        "def short(members, params):\n    return [Component(1.0)]\n"
    )
    rows = [{"id": str(n), "group": "g" if n < 2 else "h", "completion": "x"} for n in range(3)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = assay("rewards", "test", plugin, data)
    assert result.exit_code == 1
    assert "size 0: 2.0 ok" in result.output
    assert "size 2: 1.0 ok" in result.output
    assert "short 0: gave 1 components for 2 members" in result.output


def test_a_rubric_file_is_checked(tmp_path: Path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[components.f]\nreward = "format"\n')
    bad.write_text('[components.f]\nreward = "nope"\n')
    assert assay("rubrics", "check", good).exit_code == 0
    result = assay("rubrics", "check", bad)
    assert result.exit_code == 1
    assert "components.f.reward" in result.output
