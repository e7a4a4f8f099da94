import json
import os
from pathlib import Path

import pytest

from app.mathcheck import check, check_answer

CASES = Path(__file__).parent / "cases"
SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[3] / "shared"))


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("table", sorted(CASES.glob("*.jsonl")), ids=lambda p: p.stem)
def test_every_row_of_the_table_is_decided_as_it_says_in_both_directions(table):
    wrong = []
    for row in rows(table):
        for a, b in ((row["answer"], row["reference"]), (row["reference"], row["answer"])):
            verdict = check_answer(a, b)
            if (verdict.score == 1.0) != row["equal"]:
                wrong.append((a, b, row["why"], verdict.detail))
    assert wrong == []


def test_the_tables_hold_a_thousand_cases_each_with_a_reason():
    cases = [row for table in CASES.glob("*.jsonl") for row in rows(table)]
    assert len(cases) >= 1000
    assert all(row["why"] for row in cases)


@pytest.mark.parametrize(("suite", "share"), [("math_verify_suite", 0.995), ("math_graders", 0.98)])
def test_the_suites_of_the_field_agree_without_a_false_accept(suite, share):
    path = SHARED / "cases" / f"{suite}.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}")
    cases = [row for row in rows(path) if not row.get("debatable")]
    agreed = 0
    for row in cases:
        verdict = (check if row["form"] == "completion" else check_answer)(row["pred"], row["gold"])
        accepted = verdict.score == 1.0
        assert not (accepted and not row["expected"]), row["id"]
        agreed += accepted == bool(row["expected"])
    assert agreed / len(cases) >= share
