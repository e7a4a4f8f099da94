"""Presets on real rollouts give the values that docs/rewards.md says; skipped where the data is not there."""

from pathlib import Path

import pytest

from app.rewards.base import Sample
from app.rubric import resolve
from tests.conftest import read_jsonl

MEANS = {"r1": 1.9092, "r1-zero": 0.9127, "dapo": 0.8255, "easy-r1": 0.8215, "open-r1": 0.9127, "tinyzero": 0.0}
DOCS = Path(__file__).resolve().parents[2] / "docs" / "rewards.md"


@pytest.mark.parametrize("name", MEANS)
def test_a_preset_gives_its_documented_mean(name: str, shared: Path):
    rubric = resolve(name)
    bound = [(c.reward, c.reward.params.model_validate(c.params)) for c in rubric.components]
    rewards: list[float] = []
    for row in read_jsonl(shared / "rollouts" / "qwen_math100.jsonl"):
        sample = Sample(row["completion"], row["prompt"], row["reference"], meta=row["meta"])
        reward = rubric.combine([reward.score(sample, params).score for reward, params in bound]).reward
        assert reward is not None
        rewards.append(reward)
    assert len(rewards) == 424
    assert sum(rewards) / len(rewards) == pytest.approx(MEANS[name], abs=5e-5)


@pytest.mark.parametrize("name", MEANS)
def test_the_documented_mean_is_the_tested_one(name: str):
    assert f"| `{name}` | {MEANS[name]:.4f} |" in DOCS.read_text("utf-8")
