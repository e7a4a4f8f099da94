"""Cores and memory reckoned from costs."""

import pytest
from typer.testing import CliRunner

from app.capacity import Cost, Costs, Demand, plan
from app.cli.commands import build

COSTS = Costs(Cost(0.1, 0.01), Cost(0.1, 0.01), Cost(100.0, 0.0), 0.005, 0.002, 1.5)


def demand(completions: int = 8192, avg_kb: float = 16.0, code_share: float = 0.0, within_s: float = 10.0) -> Demand:
    return Demand(completions, avg_kb, code_share, within_s)


def test_a_step_by_hand():
    found = plan(demand(1000, 10.0, 0.5, 1.0), COSTS)
    # 500 plain items at 0.2 ms, plumbing of 1,000 at 0.2 ms; 500 programs at 100 ms; at 70 % of a core.
    assert found.cpu_s == pytest.approx(0.1 + 0.2 + 50.0)
    assert (found.cpu_cores, found.code_cores) == (1, 72)


@pytest.mark.parametrize("change", [{"completions": 16384}, {"avg_kb": 32.0}, {"code_share": 0.3}])
def test_more_work_takes_no_less(change: dict[str, float]):
    less, more = plan(demand(), COSTS), plan(demand(**change), COSTS)  # pyright: ignore[reportArgumentType]
    assert more.cpu_s > less.cpu_s
    assert more.cpu_cores + more.code_cores >= less.cpu_cores + less.code_cores
    assert more.redis_mb >= less.redis_mb


def test_the_whole_step_fits_into_redis():
    assert plan(demand(1024, 1024.0), COSTS).redis_mb > 1024 * 1.5


def test_the_command_prints_a_plan():
    done = CliRunner().invoke(
        build(["capacity"]), ["capacity", "--completions-per-step", "8192", "--avg-kb", "16", "--code-share", "0.3"]
    )
    assert done.exit_code == 0
    assert "Redis memory" in done.stdout


def test_a_bad_file_of_costs_is_named(tmp_path):
    bad = tmp_path / "costs.toml"
    bad.write_text("[math]\n")
    done = CliRunner().invoke(build(["capacity"]), ["capacity", "--costs", str(bad)])
    assert done.exit_code == 2
