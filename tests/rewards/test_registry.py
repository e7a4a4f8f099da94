from pathlib import Path

import pytest

from app.rewards import catalogue, plugins, registry

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "rewards" / "brevity.py"


@pytest.mark.parametrize("name", registry.shipped())
def test_every_reward_says_what_it_is(name: str):
    entry = registry.describe_one(registry.find(name))
    assert entry["name"] == name
    assert entry["source"]
    for word in ("Range:", "Source:", "Example:"):
        assert word in entry["doc"], word
    for field in entry["params"].get("properties", {}).values():
        assert "default" in field or name.startswith("accuracy"), "a reward can be named without parameters"


def test_the_page_of_rewards_is_up_to_date():
    """Made by `assay rewards docs > docs/rewards.md`."""
    assert (ROOT / "docs" / "rewards.md").read_text("utf-8") == catalogue.page()


def test_a_plugin_file_is_found_by_its_rewards():
    assert set(plugins.load(str(EXAMPLE))) == {"brevity"}


def test_a_plugin_that_is_none_is_named(tmp_path: Path):
    (tmp_path / "empty.py").write_text("x = 1\n")
    for named in (tmp_path / "empty.py", tmp_path / "missing.py", "no_such_module_of_rewards"):
        with pytest.raises(plugins.PluginError, match=Path(named).stem):
            plugins.load(str(named))


def test_two_plugins_may_not_share_a_name():
    with pytest.raises(plugins.PluginError, match="second"):
        plugins.load(f"{EXAMPLE}:{EXAMPLE}")


def test_an_unknown_reward_is_named_with_those_there_are():
    with pytest.raises(registry.UnknownReward, match=r"nope.*format"):
        registry.get("nope")
    with pytest.raises(registry.UnknownReward):
        registry.get("group/majority")
