import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.rewards.base import Component, Sample
from app.rubric import (
    BadRubric,
    GroupItem,
    bind,
    describe,
    group_stats,
    load_file,
    presets,
    reload,
    resolve,
    score_groups,
)
from app.schemas import RubricSpec

TWO = {"components": {"a": {"reward": "accuracy", "weight": 2}, "f": {"reward": "format"}}}


def spec(**changes: object) -> RubricSpec:
    return RubricSpec.model_validate({**TWO, **changes})


def test_every_preset_can_be_used():
    assert {"r1", "r1-zero"} <= set(presets())
    for name in presets():
        assert resolve(name).components


def test_the_reward_is_the_weighted_sum():
    assert bind(spec()).combine([1.0, 0.5]).reward == 2.5


@pytest.mark.parametrize(("policy", "reward"), [("null", None), ("zero", 0.5), (-1.0, -1.5)])
def test_an_abstention_counts_as_the_rubric_says(policy: str | float, reward: float | None):
    outcome = bind(spec(on_abstain=policy)).combine([None, 0.5])
    assert (outcome.reward, outcome.abstained) == (reward, 0)


def test_a_component_of_no_weight_never_makes_the_reward_abstain():
    rubric = bind(RubricSpec.model_validate({"components": {"a": {"reward": "accuracy", "weight": 0}}}))
    assert rubric.combine([None]).reward == 0.0


@pytest.mark.parametrize(
    ("components", "path"),
    [
        ({"x": {"reward": "nope"}}, ("components", "x", "reward")),
        ({"x": {"reward": "format", "params": {"nope": 1}}}, ("components", "x", "params", "nope")),
    ],
)
def test_a_bad_rubric_is_refused_by_the_path_to_its_fault(components: dict, path: tuple[str, ...]):
    with pytest.raises(BadRubric) as caught:
        bind(RubricSpec.model_validate({"components": components}))
    assert caught.value.path == path


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError):
        RubricSpec.model_validate({**TWO, "wieght": 1})


@given(st.lists(st.one_of(st.none(), st.floats(-100, 100)), max_size=30))
def test_group_statistics_leave_abstentions_out(rewards: list[float | None]):
    stats = group_stats(rewards, [])
    scored = [r for r in rewards if r is not None]
    assert (stats.size, stats.scored) == (len(rewards), len(scored))
    if not scored:
        assert (stats.mean, stats.std, stats.zero_variance) == (None, None, False)
        return
    assert stats.mean is not None
    assert stats.std is not None
    assert min(scored) - 1e-9 <= stats.mean <= max(scored) + 1e-9
    assert math.isfinite(stats.std)
    assert stats.std >= 0


def test_group_statistics_by_hand():
    stats = group_stats([1.0, 2.0, None, 3.0], [1.0, 0.0, None, 1.0])
    assert stats.mean == 2.0
    assert stats.std == pytest.approx(math.sqrt(2 / 3))
    assert stats.pass_rate == pytest.approx(2 / 3)
    assert not stats.zero_variance
    assert group_stats([1.0, 1.0], []).zero_variance


def combined(name: str, *scores: float | None) -> float | None:
    return resolve(name).combine(scores).reward


@pytest.mark.parametrize(
    ("name", "scores", "reward"),
    [
        ("r1", (1.0, 1.0, 1.0), 3.0),
        ("r1-zero", (1.0, 0.0), 1.0),
        ("r1-cold-start", (1.0, 0.0), 0.0),
        ("dapo", (1.0, 0.0), 1.0),
        ("dapo", (0.0, -0.5), -1.5),
        ("open-r1", (1.0, 1.0, 0.75), 2.75),
        ("logic-rl", (2.0, 1.0), 3.0),
        ("logic-rl", (-1.5, 1.0), -0.5),
        ("logic-rl", (-2.0, 1.0), -1.0),
        ("logic-rl", (2.0, -1.0), -3.0),
        ("tinyzero", (1.0, 1.0), 1.0),
        ("tinyzero", (0.0, 1.0), 0.1),
        ("tinyzero", (1.0, 0.0), 0.0),
        ("tinyzero", (None, 0.0), 0.0),
        ("tinyzero", (None, 1.0), None),
        ("l1", (1.0, -0.3), 0.7),
        ("l1-max", (1.0, 0.5), 0.5),
        ("l1-max", (0.0, 1.0), 0.0),
        ("k1.5", (1.0, -0.5), 0.5),
        ("easy-r1", (1.0, 0.0), 0.9),
    ],
)
def test_a_preset_gives_its_sources_reward(name: str, scores: tuple, reward: float | None):
    assert combined(name, *scores) == pytest.approx(reward)


def test_mean_scale_offset_and_clip():
    assert bind(spec(combine="mean")).combine([1.0, 0.5]).reward == pytest.approx(2.5 / 3)
    assert bind(spec(scale=2.0, offset=1.0)).combine([1.0, 0.0]).reward == 5.0
    assert bind(spec(clip=[0.0, 1.0])).combine([1.0, 1.0]).reward == 1.0


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"gates": [{"when": "nope", "at_most": 0}]}, ("gates", "0", "when")),
        ({"gates": [{"when": "a"}]}, ("gates", "0")),
        ({"clip": [1, 0]}, ("clip",)),
        ({"components": {"k": {"reward": "group/majority"}}}, ("components",)),
    ],
)
def test_a_rubric_that_makes_no_sense_is_refused(changes: dict, path: tuple[str, ...]):
    with pytest.raises(BadRubric) as caught:
        bind(spec(**changes))
    assert caught.value.path == path


FILES = {
    "mine.toml": '[components.f]\nreward = "format"\nweight = 2.0\n',
    "mine.yaml": "components:\n  f: {reward: format, weight: 2.0}\n",
    "mine.json": '{"components": {"f": {"reward": "format", "weight": 2.0}}}',
}


@pytest.mark.parametrize("name", FILES)
def test_a_rubric_file_of_any_kind(name: str, tmp_path: Path):
    (tmp_path / name).write_text(FILES[name])
    loaded = load_file(tmp_path / name)
    assert (loaded.name, bind(loaded).combine([1.0]).reward) == ("mine", 2.0)


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("x.toml", "components = [", ("x.toml",)),
        ("x.yaml", "a: [", ("x.yaml",)),
        ("x.json", "[]", ("x.json",)),
        ("x.ini", "", ("x.ini",)),
        ("x.toml", '[components.f]\nreward = "format"\nweigth = 1\n', ("x.toml", "components", "f", "weigth")),
        ("x.toml", 'on_abstain = "maybe"\n[components.f]\nreward = "format"\n', ("x.toml", "on_abstain")),
    ],
)
def test_a_bad_file_is_named_with_the_path_to_its_fault(name: str, text: str, path: tuple[str, ...], tmp_path: Path):
    (tmp_path / name).write_text(text)
    with pytest.raises(BadRubric) as caught:
        load_file(tmp_path / name)
    assert caught.value.path == path


def test_a_reload_takes_all_files_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "r1.toml"
    try:
        with monkeypatch.context() as patch:
            patch.setenv("ASSAY_RUBRICS", str(tmp_path))
            file.write_text(FILES["mine.toml"])
            assert "r1" in reload()
            assert resolve("r1").combine([1.0]).reward == 2.0
            file.write_text('[components.f]\nreward = "nope"\n')
            with pytest.raises(BadRubric) as caught:
                reload()
            assert caught.value.path == ("r1.toml", "components", "f", "reward")
            assert resolve("r1").combine([1.0]).reward == 2.0
    finally:
        reload()
    assert resolve("r1").names == ("accuracy", "format", "language")


def test_group_rewards_are_computed_once_from_the_items_components():
    rubric = resolve("k1.5")
    items = [
        GroupItem("g", Sample("", meta={"completion_tokens": 10}), [Component(1.0)]),
        GroupItem("g", Sample("", meta={"completion_tokens": 30}), [Component(1.0)]),
        GroupItem(None, Sample("", meta={"completion_tokens": 99}), [Component(0.0)]),
        GroupItem(None, Sample("", meta={"completion_tokens": 1}), [Component(1.0)]),
    ]
    found = score_groups(rubric, items)
    assert [one.score for (one,) in found] == [0.5, -0.5, 0.0, 0.0]
    rewards = [rubric.combine([i.components[0].score, c.score]).reward for i, (c,) in zip(items, found, strict=True)]
    assert rewards == [1.5, 0.5, 0.0, 1.0]


def test_a_rubric_is_described_with_full_parameters():
    shown = describe("r1")
    assert shown["components"]["format"]["params"]["template"] == "r1"
    assert shown["components"]["language"]["range"] == [0.0, 1.0]
