"""Each reward on its table of cases: `cases/*.jsonl`."""

from pathlib import Path
from typing import Any

import pytest

from app.rewards import registry
from app.rewards.base import Sample
from tests.conftest import read_jsonl

FILES = sorted((Path(__file__).parent / "cases").glob("*.jsonl"))
ROWS = [(f"{file.stem}:{n}", row) for file in FILES for n, row in enumerate(read_jsonl(file), 1)]


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])
def test_a_case_has_its_score(row: dict[str, Any]):
    reward = registry.get(row["reward"])
    sample = Sample(
        row["completion"], row.get("prompt", ""), row.get("reference", {"kind": "none"}), meta=row.get("meta", {})
    )
    component = reward.score(sample, reward.params.model_validate(row.get("params", {})))
    assert component.status == row.get("status", "ok"), component
    assert component.score == pytest.approx(row["score"], abs=row.get("within", 0.005)), component
    span = component.evidence.get("span")
    assert span is None or 0 <= span[0] <= span[1] <= len(sample.completion)
