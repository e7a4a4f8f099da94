import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "rewards"


def assay(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


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


def test_a_rubric_file_is_checked(tmp_path: Path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[components.f]\nreward = "format"\n')
    bad.write_text('[components.f]\nreward = "nope"\n')
    assert assay("rubrics", "check", good).exit_code == 0
    result = assay("rubrics", "check", bad)
    assert result.exit_code == 1
    assert "components.f.reward" in result.output
