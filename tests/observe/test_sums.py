"""Numbers that were held back leave the library's series as if it had been told each."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from app.observe.sums import Counts, Sums

BOUNDS = (-1.0, 0.0, 0.5, 1.0)
NUMBERS = st.lists(st.one_of(st.sampled_from(BOUNDS), st.integers(-8, 8).map(lambda n: n / 4)))


@given(NUMBERS, NUMBERS)
def test_a_histogram_is_the_same_as_told_one_by_one(first: list[float], second: list[float]):
    texts: list[str] = []
    for held_back in (True, False):
        registry = CollectorRegistry()
        histogram = Histogram("h", "h", buckets=BOUNDS, registry=registry)
        sums = Sums(histogram, BOUNDS)
        for numbers in (first, second):
            for number in numbers:
                (sums if held_back else histogram).observe(number)
            sums.flush()
        lines = generate_latest(registry).decode().splitlines()
        texts.append("\n".join(line for line in lines if "_created" not in line))
    assert texts[0] == texts[1]


def test_counts_reach_their_counters_once():
    registry = CollectorRegistry()
    counter = Counter("c", "c", ["x"], registry=registry)
    held, direct = Counts(at_once=False), Counts(at_once=True)
    for _ in range(3):
        held.add(counter.labels("a"), 2)
        direct.add(counter.labels("b"))
    assert registry.get_sample_value("c_total", {"x": "b"}) == 3
    assert registry.get_sample_value("c_total", {"x": "a"}) == 0
    held.flush()
    held.flush()
    assert registry.get_sample_value("c_total", {"x": "a"}) == 6
