"""`/v1/score` against the usual in-process recipe, on the same cores in the same run.

    python -m benchmarks.score_http [--items 512] [--rounds 12]

Prints items a second, p50 and p99 of a batch, where the time goes, and the ratio to the peer on all cores.
Needs the `bench` extra. Starts a service of its own on loopback and stops it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.pool import Pool
from pathlib import Path

import httpx
import msgspec

from app.api.bodies import Media
from app.api.received import at_once
from app.api.results import ComponentOut, ItemOut, ResponseOut, UsageOut
from app.cli.batches import service
from app.schemas import ScoreRequest
from app.status import Status
from benchmarks import recipe
from benchmarks.completions import items as make_items

_PEER_S = 2.0
_TURNS = 4
"""The peer and Assay take turns, so that what else the machine does meets both."""
_USAGE = UsageOut(1, 0, 0, 0.0, 0.0, 0.0)
_IN_FLIGHT = 4


def _peer(size: int, seed: int) -> float:
    """Items a second of one process of the recipe."""
    reward = recipe.load()
    sample = make_items(256, size, seed)
    for item in sample[:4]:
        reward(item["completion"], item["reference"]["answer"])
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < _PEER_S:
        item = sample[done % len(sample)]
        reward(item["completion"], item["reference"]["answer"])
        done += 1
    return done / (time.perf_counter() - started)


def peer_rate(pool: Pool, size: int) -> float:
    """Items a second of the recipe with a process on every core."""
    cores = os.cpu_count() or 1
    return sum(pool.starmap(_peer, [(size, n) for n in range(cores)], chunksize=1))


async def assay_rate(url: str, size: int, count: int, rounds: int) -> dict:
    """Items a second with a few batches in flight, and the latency of a batch alone."""
    bodies = [
        json.dumps({"rubric": "r1", "items": make_items(count, size, n), "options": {"deadline_ms": 120_000}}).encode()
        for n in range(min(rounds, 8))
    ]
    headers = {"content-type": "application/json", "cache-control": "no-store"}  # bodies repeat; scores must not
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:

        async def one(n: int) -> tuple[float, dict]:
            started = time.perf_counter()
            response = await client.post("/v1/score", content=bodies[n % len(bodies)], headers=headers)
            response.raise_for_status()
            return time.perf_counter() - started, response.json()["usage"]

        await one(0)
        alone = [await one(n) for n in range(rounds)]
        gate = asyncio.Semaphore(_IN_FLIGHT)

        async def gated(n: int) -> None:
            async with gate:
                await one(n)

        started = time.perf_counter()
        await asyncio.gather(*(gated(n) for n in range(rounds)))
        elapsed = time.perf_counter() - started
    times = sorted(t for t, _ in alone)
    return {
        "rate": rounds * count / elapsed,
        "p50": statistics.median(times),
        "p99": times[min(len(times) - 1, int(len(times) * 0.99))],
        "compute_ms": statistics.median(usage["compute_ms"] for _, usage in alone) / count,
        "queue_ms": statistics.median(usage["queue_ms"] for _, usage in alone),
    }


def edge_cost(size: int, count: int) -> tuple[float, float]:
    """Microseconds an item that the API spends on reading a body, and on writing a response, of such items."""
    batch = make_items(count, size)
    body = json.dumps({"rubric": "r1", "items": batch}).encode()
    component = ComponentOut(1.0, Status.OK, {"extracted": "1", "source": "answer"}, 0.1, False)
    components = dict.fromkeys(("accuracy", "format", "language"), component)
    results = [ItemOut(i["id"], 1.0, components, None) for i in batch]

    def read() -> None:
        at_once(body, Media.JSON, ScoreRequest)

    def write() -> None:
        encoded = [msgspec.Raw(msgspec.json.encode(result)) for result in results]
        msgspec.json.encode(ResponseOut("r1", encoded, [], _USAGE))

    return _microseconds(read) / count, _microseconds(write) / count


def _microseconds(work: Callable[[], object], times: int = 20) -> float:
    work()
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times * 1e6


def _rss_mb(folder_mark: str) -> dict[str, float]:
    """Resident memory of the service's processes, shared pages counted in each."""
    found: dict[str, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environ = (entry / "environ").read_bytes().decode("utf-8", "replace")
                pss = next(x for x in (entry / "smaps_rollup").read_text().splitlines() if x.startswith("Pss:"))
            except (OSError, StopIteration):
                continue
            if folder_mark in environ:
                name = next(
                    (k for k in ("app.cli api", "app.cli worker", "forkserver", "unixsocket") if k in command), ""
                )
                if name:
                    found[name] = found.get(name, 0.0) + int(pss.split()[1]) / 1024
    return found


async def _run(count: int, rounds: int, sizes: list[int]) -> None:
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        async with service(None) as url:
            port = url.rsplit(":", 1)[1]
            print(f"{cores} cores; {count} items a batch, {_IN_FLIGHT} batches in flight; medians of {_TURNS} turns")
            print(
                "  size  recipe/s  assay/s  ratio | batch p50 ms  p99 ms  in queue | µs an item: decode rewards  encode"
            )
            for size in sizes:
                turns = []
                for _ in range(_TURNS):
                    peer = await asyncio.to_thread(peer_rate, pool, size)
                    got = await assay_rate(url, size, count, max(4, rounds // _TURNS))
                    turns.append({**got, "peer": peer, "ratio": got["rate"] / peer})
                m = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
                worst = max(turn["p99"] for turn in turns)
                decode, encode = edge_cost(size, count)
                print(
                    f"{size:>6} {m['peer']:>9.0f} {m['rate']:>8.0f} {m['ratio']:>5.1f}x | {m['p50'] * 1000:>12.1f}"
                    f" {worst * 1000:>7.1f} {m['queue_ms']:>9.1f} |"
                    f" {decode:>18.1f} {m['compute_ms'] * 1000:>8.1f} {encode:>7.1f}"
                )
            memory = _rss_mb(f"ASSAY_PORT={port}")
            print("memory MB (PSS): " + ", ".join(f"{name} {value:.0f}" for name, value in sorted(memory.items())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 16384])
    given = parser.parse_args()
    asyncio.run(_run(given.items, given.rounds, given.sizes))


if __name__ == "__main__":
    main()
