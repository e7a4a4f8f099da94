"""Jobs on a real server: bounds, idempotency, the end."""

import time
from typing import Any

import pytest

from app.queue.connection import Server
from app.queue.jobs.model import JobBatch, JobLabel, JobSpec, JobState
from app.queue.jobs.store import JobStore, Piece, TooManyJobs
from app.queue.keys import Keys
from app.queue.outage import QueueUnavailable, Reason
from app.queue.room import QueueFull

KEYS = Keys("t")
PLAN = [JobBatch(0, "cpu", 1, 100)]
NO_BOUNDS = {"most": 100, "most_bytes": 1 << 30}


def spec(id_: str, **changes: Any) -> JobSpec:
    now = int(time.time() * 1000)
    given = {"items": 1, "batches": 1, "size": 100, **changes}
    return JobSpec(id_, "me", b"{}", [], "offline", True, None, now, now + 60_000, 32, b"digest", **given)


@pytest.fixture
def store(redis_server: Server) -> JobStore:
    return JobStore(redis_server, KEYS, ttl_s=600, results_ttl_s=60)


async def submitted(store: JobStore, id_: str, once: str | None = None, **bounds: int) -> str:
    await store.write(id_, [Piece(0, [JobLabel("a", None)], [], [(0, b"payload")])])
    found, durable = await store.commit(spec(id_), PLAN, once, **{**NO_BOUNDS, **bounds})
    assert durable
    return found


async def test_a_key_gives_the_first_job_and_submitting_again_changes_nothing(store: JobStore):
    assert [await submitted(store, id_, "k") for id_ in ("a", "b", "a")] == ["a", "a", "a"]
    assert await submitted(store, "c") == "c"
    assert await store.active(9) == ["a", "c"]


async def test_jobs_are_bounded_by_number_and_bytes_until_they_are_over(store: JobStore):
    await submitted(store, "a")
    for bounds in ({"most": 1}, {"most_bytes": 150}):
        with pytest.raises(TooManyJobs, match="are not over") as raised:
            await submitted(store, "b", **bounds)
        assert isinstance(raised.value, QueueFull)
    await store.end("a", JobState.CANCELLED)
    assert await submitted(store, "b", most=1, most_bytes=150) == "b"


async def test_the_end_is_the_first_one_and_leaves_the_results(store: JobStore, redis_server: Server):
    await submitted(store, "a")
    for state in (JobState.CANCELLED, JobState.DONE):
        await store.end("a", state)
    found = await store.get("a")
    assert found is not None and found[1].state is JobState.CANCELLED
    assert [label.id for [label] in await store.labels("a", [0])] == ["a"]
    [batches, left] = await redis_server.execute([("EXISTS", KEYS.job("a", "batches")), ("PTTL", KEYS.job("a"))])
    assert batches == 0
    assert 0 < left <= 60_000
    await store.delete("a")
    assert await store.get("a") is None


async def test_a_full_server_takes_no_job(store: JobStore, redis_server: Server):
    await redis_server.execute([("CONFIG", "SET", "maxmemory", "1mb")], atomic=False)
    with pytest.raises(QueueUnavailable) as raised:
        await store.commit(spec("a"), PLAN, None, **NO_BOUNDS)
    assert raised.value.reason is Reason.FULL
