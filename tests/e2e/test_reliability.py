"""Each fault of docs/reliability.md, done to real processes, smaller than there."""

from collections.abc import Callable, Iterator

import pytest

from benchmarks.faults.cluster import FAKETIME, Cluster
from benchmarks.faults.scenarios import SCENARIOS, SMALL, Scenario, services
from benchmarks.faults.soak import soak

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def service_of() -> Iterator[Callable[[Scenario], Cluster]]:
    with services() as of:
        yield of


@pytest.mark.parametrize("name", SCENARIOS)
async def test_nothing_is_lost_nor_scored_otherwise(name: str, service_of: Callable[[Scenario], Cluster]):
    scenario = SCENARIOS[name]
    if scenario.clock and not FAKETIME.exists():
        pytest.skip("libfaketime is not installed")
    service = service_of(scenario)
    service.keep()
    service.wait_ready()
    seen = await scenario.do(service, SMALL)
    assert seen.held, seen


async def test_a_short_soak_holds():
    outcome, done = await soak(8.0, seed=3)
    assert outcome.held, outcome
    assert sum(done.values()) > 2
