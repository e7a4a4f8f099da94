"""Ages of entries on the server's clock."""

import time

import pytest

from app.queue.clock import ServerClock

HOUR_MS = 3_600_000.0
START_MS = 1_700_000_000_000.0


def entry(written_ms: float) -> bytes:
    return b"%d-0" % int(written_ms)


def test_before_the_first_reading_nothing_has_an_age():
    assert ServerClock().age_ms(entry(START_MS)) == 0.0


@pytest.mark.parametrize("host_ahead_ms", [0.0, HOUR_MS, -HOUR_MS])
def test_the_age_is_by_the_server_alone(monkeypatch: pytest.MonkeyPatch, host_ahead_ms: float):
    monkeypatch.setattr(time, "time", lambda: (START_MS + host_ahead_ms) / 1000)
    clock = ServerClock()
    clock.observe(START_MS, time.monotonic())
    assert clock.age_ms(entry(START_MS - 500)) == pytest.approx(500, abs=200)


@pytest.mark.parametrize("step_ms", [HOUR_MS, 5_000.0, -HOUR_MS])
def test_a_step_of_the_servers_clock_makes_nothing_old(step_ms: float):
    """Entries from before and after the step, looked at after it: none is older than it is, by much."""
    now = time.monotonic()
    clock = ServerClock()
    clock.observe(START_MS - 1_000, now - 1)
    clock.observe(START_MS + step_ms, now)
    before, after = entry(START_MS - 800), entry(max(START_MS, START_MS + step_ms) - 100)
    assert clock.age_ms(before) <= 1_200
    assert clock.age_ms(after) <= 400


def test_drift_is_followed():
    now = time.monotonic()
    clock = ServerClock()
    for second in range(100):
        clock.observe(START_MS + second * 1_001, now - 100 + second)
    assert clock.age_ms(entry(START_MS + 99 * 1_001)) == pytest.approx(1_000, abs=300)
