"""One function a fault: does it to a service under load, and says what was done and what was seen."""

import asyncio
import gzip
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from benchmarks.faults.cluster import FAKETIME, Cluster, cluster
from benchmarks.faults.load import BATCHES, SINGLES, Outcome, Shape, run, workload

HOSTILE = {"components": {"hostile": {"reward": "hostile"}}}


class Seen(NamedTuple):
    """A row of the table."""

    done: str
    seen: str
    held: bool


class Sizes(NamedTuple):
    """How hard to try: the tests do less than the table."""

    items: int
    kills: int
    pause_s: float
    idle: int


_SINGLES_SHARE = 10
"""A request of one item takes its client as long as one of many."""
SMALL = Sizes(items=3_000, kills=6, pause_s=2.0, idle=1_000)
FULL = Sizes(items=50_000, kills=100, pause_s=10.0, idle=10_000)


async def _during(service: Cluster, sizes: Sizes, hurt: Callable[[], Awaitable[None]]) -> Outcome:
    """A load, hurt once it is under way; whatever dies is started again."""
    batch, rewards = workload(sizes.items, 7)
    loading = asyncio.create_task(run(service.urls, batch, rewards))
    async with _kept(service):
        await asyncio.sleep(0.5)
        await hurt()
        return await loading


async def _throughout(
    service: Cluster, items: int, hurt: Callable[[], Awaitable[None]], shape: Shape = BATCHES
) -> Outcome:
    """Loads, one after the other, until it was hurt as often as it shall be."""
    batch, rewards = workload(items, 7)
    total = Outcome(0)
    async with _kept(service):
        hurting = asyncio.create_task(hurt())
        while not hurting.done():
            total.add(await run(service.urls, batch, rewards, shape=shape))
        await hurting
    return total


@asynccontextmanager
async def _kept(service: Cluster) -> AsyncIterator[None]:
    async def keep() -> None:
        while True:
            service.keep()
            await asyncio.sleep(0.1)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()


async def kills(service: Cluster, sizes: Sizes) -> Seen:
    """SIGKILL of workers and their children at random."""
    rng = random.Random(11)
    done: list[str] = []

    async def hurt() -> None:
        for _ in range(sizes.kills):
            done.append(service.kill_some(rng))
            await asyncio.sleep(rng.uniform(0.05, 0.5))

    total = await _throughout(service, sizes.items, hurt)
    what = f"{done.count('worker')} workers and {len(done) - done.count('worker')} of their children shot at random"
    return Seen(what, str(total), total.held)


async def single_items(service: Cluster, sizes: Sizes) -> Seen:
    """SIGKILL of each part in turn, under requests of one item."""
    rng = random.Random(13)

    async def hurt() -> None:
        for part in ("worker", "redis", "worker", "api") * 2:
            await asyncio.sleep(1.0)
            if part == "redis":
                service.redis.signal(signal.SIGKILL)
            elif part == "api":
                rng.choice(service.apis).signal(signal.SIGKILL)
            else:
                service.kill_some(rng)

    total = await _throughout(service, sizes.items // _SINGLES_SHARE, hurt, SINGLES)
    done = "requests of one item, 64 at once: four workers or children, Redis twice and the API twice shot under load"
    return Seen(done, str(total), total.held)


async def redis_killed(service: Cluster, sizes: Sizes) -> Seen:
    """SIGKILL of Redis, started again from its append-only file."""

    async def hurt() -> None:
        for _ in range(3):
            service.redis.signal(signal.SIGKILL)
            await asyncio.sleep(1.5)

    outcome = await _during(service, sizes, hurt)
    return Seen("Redis shot three times under load, started again from its AOF", str(outcome), outcome.held)


async def redis_paused(service: Cluster, sizes: Sizes) -> Seen:
    """SIGSTOP of Redis."""

    async def hurt() -> None:
        service.redis.signal(signal.SIGSTOP)
        await asyncio.sleep(sizes.pause_s)
        service.redis.signal(signal.SIGCONT)

    outcome = await _during(service, sizes, hurt)
    return Seen(f"Redis stopped for {sizes.pause_s:g} s under load", str(outcome), outcome.held)


async def redis_full(service: Cluster, sizes: Sizes) -> Seen:
    """Redis at maxmemory with noeviction."""

    async def hurt() -> None:
        client = service.client()
        client.config_set("maxmemory", 1)
        await asyncio.sleep(sizes.pause_s)
        client.config_set("maxmemory", 0)
        client.close()

    outcome = await _during(service, sizes, hurt)
    done = f"maxmemory set below what is used for {sizes.pause_s:g} s under load"
    return Seen(done, f"{outcome}; what was queued was answered, what came got 503", outcome.held)


async def two_nodes(service: Cluster, sizes: Sizes) -> Seen:
    """Two API nodes and three worker groups on one Redis, one of each shot."""

    async def hurt() -> None:
        service.apis[0].signal(signal.SIGKILL)
        service.workers[1].signal(signal.SIGKILL)

    outcome = await _during(service, sizes, hurt)
    done = "two API nodes and three workers on one Redis; one of each shot under load"
    return Seen(done, str(outcome), outcome.held)


async def worker_paused(service: Cluster, sizes: Sizes) -> Seen:
    """SIGSTOP of a worker for longer than its lease."""

    async def hurt() -> None:
        service.workers[0].signal(signal.SIGSTOP)
        await asyncio.sleep(max(sizes.pause_s, 3.0))
        service.workers[0].signal(signal.SIGCONT)

    outcome = await _during(service, sizes, hurt)
    return Seen("one of two workers stopped for twice its lease", str(outcome), outcome.held)


async def worker_ends(service: Cluster, sizes: Sizes) -> Seen:
    """SIGTERM of a worker: it finishes what it holds."""

    async def hurt() -> None:
        for worker in service.workers:
            worker.signal(signal.SIGTERM)
            await asyncio.sleep(2.0)

    outcome = await _during(service, sizes, hurt)
    held = outcome.held and outcome.slowest < 60
    return Seen("each worker ended by SIGTERM under load, with leases of 60 s", str(outcome), held)


async def clock_jumps(service: Cluster, sizes: Sizes) -> Seen:
    """All clocks jump an hour forth, back, and to rights."""
    if not FAKETIME.exists():
        raise FileNotFoundError(f"{FAKETIME}: install libfaketime")

    async def hurt() -> None:
        for jump in ("+3600", "-3600", "+0"):
            service.set_clock(jump)
            await asyncio.sleep(1.0)

    outcome = await _during(service, sizes, hurt)
    return Seen("clocks of API and worker an hour ahead, then behind (libfaketime)", str(outcome), outcome.held)


async def poison(service: Cluster, sizes: Sizes) -> Seen:
    """An item of each sort that harms its process, among 511 good ones."""
    kinds = {"bomb": "error", "loop": "cpu_exceeded", "segfault": "error", "exit": "error", "kill": "error"}
    found: list[str] = []
    held = True
    for kind, expected in kinds.items():
        items = [{"id": str(n), "completion": kind if n == 300 else f"fine {n}"} for n in range(512)]
        started = time.monotonic()
        results = await _score(service.urls[0], items)
        took = time.monotonic() - started
        statuses = [result["components"]["hostile"]["status"] for result in results]
        alone = statuses.pop(300) == expected and set(statuses) == {"ok"}
        held = held and alone and [result["id"] for result in results] == [item["id"] for item in items]
        found.append(f"{kind} → `{expected}` in {took:.1f} s" if alone else f"{kind}: {sorted(set(statuses))}")
    done = "a memory bomb, an endless loop, a segfault, `os._exit`, SIGKILL of itself, each among 511 good items"
    return Seen(done, f"511 of 511 scored each time; {', '.join(found)}", held)


async def disconnects(service: Cluster, sizes: Sizes) -> Seen:
    """Clients that go away while their work is queued."""
    items = [{"completion": f"sleep:0.2{n:05d}"} for n in range(2_000)]
    body = msgspec.json.encode({"rubric": HOSTILE, "items": items, "options": {"deadline_ms": 600_000}})
    for _ in range(3):
        async with httpx.AsyncClient() as client:
            with suppress(httpx.TimeoutException):
                await client.post(f"{service.urls[0]}/v1/score", content=body, timeout=1.0)
    started = time.monotonic()
    await _score(service.urls[0], [{"completion": "fine"}])
    took = time.monotonic() - started
    redis = service.client()
    left = redis.xlen("assay:queue:cpu:online")
    redis.close()
    done = "three requests of 2,000 slow items, each left after a second"
    return Seen(done, f"the next request was answered in {took:.1f} s; {left} of their micro-batches queued", took < 20)


async def slow_client(service: Cluster, sizes: Sizes) -> Seen:
    """Clients that send and read a few bytes a second."""
    host, port = service.urls[0].removeprefix("http://").split(":")
    body = msgspec.json.encode({"items": [{"completion": "x" * 4096}]})
    head = "POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writers = [(await asyncio.open_connection(host, int(port)))[1] for _ in range(50)]
    for writer in writers:
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode())

    async def trickle() -> None:
        for byte in body[:200]:
            for writer in writers:
                writer.write(bytes([byte]))
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    batch, rewards = workload(sizes.items, 7)
    outcome = await run(service.urls, batch, rewards)
    trickling.cancel()
    for writer in writers:
        writer.close()
    return Seen("50 clients that send twenty bytes a second, beside a load", str(outcome), outcome.held)


async def idle_connections(service: Cluster, sizes: Sizes) -> Seen:
    """Open connections that send nothing."""
    host, port = service.urls[0].removeprefix("http://").split(":")
    sockets: list[socket.socket] = []
    try:
        for n in range(sizes.idle):
            sockets.append(socket.create_connection((host, int(port)), timeout=30))
            if n % 100 == 0:
                await asyncio.sleep(0.01)
        batch, rewards = workload(sizes.items, 7)
        outcome = await run(service.urls, batch, rewards)
        memory = _pss_mb(service.apis[0].pid)
    finally:
        for one in sockets:
            one.close()
    return Seen(f"{sizes.idle:,} idle connections beside a load", f"{outcome}; API {memory:.0f} MB", outcome.held)


async def api_killed(service: Cluster, sizes: Sizes) -> Seen:
    """kill -9 of the API while a job runs: the job goes on where it was."""
    count = min(sizes.items, 10_000)
    batch, rewards = workload(count, 7)
    async with _kept(service), httpx.AsyncClient(base_url=service.urls[0], timeout=60) as client:
        body = {"rubric": "r1", "items": batch, "options": {"deadline_ms": 600_000, "priority": "offline"}}
        job = (await client.post("/v1/jobs", json=body)).json()["id"]
        for _ in range(2):
            await asyncio.sleep(0.7)
            service.apis[0].signal(signal.SIGKILL)
            await asyncio.sleep(0.7)
        found = await _job_results(client, job)
    got = [row["reward"] for row in found]
    held = got == rewards
    seen = f"{len(got)} results, {sum(a != b for a, b in zip(got, rewards, strict=False))} differ from a quiet run"
    return Seen(f"the API shot twice during a job of {count:,} items", seen, held)


async def malformed(service: Cluster, sizes: Sizes) -> Seen:
    """Bodies that are no requests."""
    bomb = gzip.compress(b"[" * (64 << 20))
    json, msgpack = "application/json", "application/msgpack"
    bodies: dict[str, tuple[bytes, dict[str, str]]] = {
        "broken JSON": (b'{"items": [', {"content-type": json}),
        "broken msgpack": (b"\xdf\xff\xff\xff\xff", {"content-type": msgpack}),
        "deep JSON": (b"[" * 1_000_000, {"content-type": json}),
        "gzip bomb": (bomb, {"content-type": json, "content-encoding": "gzip"}),
        "no gzip": (b"plain", {"content-type": json, "content-encoding": "gzip"}),
        "wrong type": (b"<xml/>", {"content-type": "application/xml"}),
        "bytes": (os.urandom(4096), {"content-type": msgpack}),
    }
    statuses: dict[str, int] = {}
    async with httpx.AsyncClient(base_url=service.urls[0], timeout=60) as client:
        for name, (body, headers) in bodies.items():
            statuses[name] = (await client.post("/v1/score", content=body, headers=headers)).status_code
    await _score(service.urls[0], [{"completion": "fine"}])
    listed = ", ".join(f"{name} {status}" for name, status in statuses.items())
    return Seen(
        "; ".join(bodies), f"{listed}; the next request was scored", all(400 <= s < 500 for s in statuses.values())
    )


class Scenario(NamedTuple):
    """A fault and the service that it is done to; those of equal services can be done one after the other to one."""

    do: Callable[[Cluster, Sizes], Awaitable[Seen]]
    apis: int = 1
    workers: int = 1
    environment: tuple[tuple[str, str], ...] = ()
    clock: bool = False

    @property
    def service(self) -> tuple[int, int, tuple[tuple[str, str], ...], bool]:
        return self[1:]


_SMALL_CHILDREN = (("ASSAY_ITEM_CPU_S", "1"), ("ASSAY_CHILD_MEMORY_MB", "512"))
SCENARIOS: dict[str, Scenario] = {
    "API killed during a job": Scenario(api_killed),
    "Redis killed": Scenario(redis_killed),
    "Redis paused": Scenario(redis_paused),
    "Redis full": Scenario(redis_full),
    "slow clients": Scenario(slow_client),
    "idle connections": Scenario(idle_connections),
    "clients that disconnect": Scenario(disconnects),
    "poison items": Scenario(poison, environment=_SMALL_CHILDREN),
    "malformed bodies": Scenario(malformed, environment=(("ASSAY_MAX_BODY_BYTES", str(16 << 20)),)),
    "clock jumps": Scenario(clock_jumps, clock=True),
    "worker ended": Scenario(worker_ends, workers=2, environment=(("ASSAY_LEASE_S", "60"),)),
    "worker paused": Scenario(worker_paused, apis=2, workers=3),
    "two API nodes, three workers": Scenario(two_nodes, apis=2, workers=3),
    "workers and children killed": Scenario(kills, apis=2, workers=3),
    "single items": Scenario(single_items, apis=2, workers=3),
}


@contextmanager
def services() -> Iterator[Callable[[Scenario], Cluster]]:
    """Gives each scenario its service; the last one is kept for the next scenario that needs one like it."""
    with ExitStack() as stack:
        kept: list[tuple[object, Cluster]] = []

        def of(scenario: Scenario) -> Cluster:
            if not kept or kept[0][0] != scenario.service:
                kept.clear()
                stack.close()
                made = cluster(
                    apis=scenario.apis, workers=scenario.workers, clock=scenario.clock, **dict(scenario.environment)
                )
                kept.append((scenario.service, stack.enter_context(made)))
            return kept[0][1]

        yield of


async def _score(url: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(timeout=240) as client:
        body = {"rubric": HOSTILE, "items": items, "options": {"deadline_ms": 200_000}}
        response = await client.post(f"{url}/v1/score", json=body)
        response.raise_for_status()
        return response.json()["results"]


async def _job_results(client: httpx.AsyncClient, job: str) -> list[dict[str, Any]]:
    """All results of a job once it is done; an API that restarts is asked again. Raises TimeoutError."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + 240
    offset: int | None = None
    while time.monotonic() < deadline:
        try:
            if offset is None:
                state = (await client.get(f"/v1/jobs/{job}")).json().get("state")
                if state == "done":
                    offset = 0
                    continue
            else:
                page = (await client.get(f"/v1/jobs/{job}/results", params={"offset": offset, "limit": 1000})).json()
                found += page["results"]
                offset = page["next"]
                if offset is None:
                    return found
                continue
        except (httpx.TransportError, ValueError):
            pass
        await asyncio.sleep(0.3)
    raise TimeoutError("the job was not done in time")


def _pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
