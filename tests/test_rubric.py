import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.rubric import BadRubric, bind, group_stats, presets, resolve
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
