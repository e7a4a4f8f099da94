"""Where each microsecond of `/v1/score` goes: CPU time an item, by process.

    python -m benchmarks.where [--items 512] [--rounds 40] [--sizes 1024 16384]

CPU time, not wall time: what else the machine does does not count. `in process` is the same rewards called directly.
"""

import argparse
import asyncio
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean

import uvloop

from app.cli.batches import service
from app.queue.codec import WorkItem
from app.rewards import registry
from app.rubric import resolve
from app.worker.scoring import sample_of
from benchmarks.completions import items as make_items
from benchmarks.wire import Wire, decode

_TICKS = os.sysconf("SC_CLK_TCK")
_ROLES = {"app.cli api": "api", "app.cli worker": "worker", "forkserver": "children", "unixsocket": "redis"}
_IN_FLIGHT = 4
_BATCHES = 8
"""Different ones, sent again and again."""


def cpu_by_role(port: int) -> dict[str, float]:
    """CPU seconds that each kind of process of a service has used."""
    mark = f"ASSAY_PORT={port}".encode()
    used = dict.fromkeys(_ROLES.values(), 0.0)
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdecimal():
                continue
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[1]) != os.getpid() and mark not in (entry / "environ").read_bytes():
                continue  # Redis writes its title over its environment, and is a child of this process.
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        for key, role in _ROLES.items():
            if key in command:
                used[role] += (int(fields[11]) + int(fields[12])) / _TICKS
                break
    return used


def _batches(size: int, count: int) -> list[list[dict]]:
    return [make_items(count, size, seed) for seed in range(_BATCHES)]


def in_process(size: int, count: int) -> float:
    """CPU seconds an item of Assay's own rewards on the same batches, called directly by a process a core at once.

    A sample is made for each scoring, as a text that comes for the first time has one: what a sample remembers of
    itself counts.
    """
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        return mean(pool.map(_score_alone, [size] * cores, [count] * cores))


def _score_alone(size: int, count: int) -> float:
    rubric = resolve("r1")
    bound = [
        (registry.get(c.reward.name), registry.get(c.reward.name).params.model_validate(c.params))
        for c in rubric.components
    ]
    work = [
        WorkItem(i["completion"], i["prompt"], i["reference"], i.get("language"), {})
        for batch in _batches(size, count)
        for i in batch
    ]
    used = 0.0
    for _ in range(3):  # The first round warms up.
        started = time.process_time()
        for item in work:
            sample = sample_of(item)
            rubric.combine([reward.score(sample, params).score for reward, params in bound], None)
        used = time.process_time() - started
    return used / len(work)


async def measure(url: str, size: int, count: int, rounds: int) -> tuple[float, dict[str, float]]:
    """Wall seconds and CPU seconds by role, an item."""
    bodies = [
        json.dumps({"rubric": "r1", "items": batch, "options": {"deadline_ms": 120_000}}).encode()
        for batch in _batches(size, count)
    ]
    numbers = iter(range(rounds))

    async def one() -> None:
        async with Wire(url) as wire:
            for n in numbers:
                status, answer = await wire.post("/v1/score", bodies[n % len(bodies)], cache_control="no-store")
                if status != 200 or len(decode(answer).results) != count:
                    raise RuntimeError(f"{status}: {answer[:200]!r}")

    port = int(url.rsplit(":", 1)[1])
    async with Wire(url) as wire:
        await wire.post("/v1/score", bodies[0], cache_control="no-store")
    before, client, started = cpu_by_role(port), time.process_time(), time.perf_counter()
    await asyncio.gather(*(one() for _ in range(_IN_FLIGHT)))
    wall, client = time.perf_counter() - started, time.process_time() - client
    after = cpu_by_role(port)
    n = rounds * count
    return wall / n, {**{role: (after[role] - before[role]) / n for role in after}, "client": client / n}


async def _run(count: int, rounds: int, sizes: list[int]) -> None:
    cores = os.cpu_count() or 1
    async with service(None) as url:
        print("µs of CPU an item, rubric r1; possible/s = cores / sum")
        for size in sizes:
            direct = in_process(size, count)
            wall, used = await measure(url, size, count, rounds)
            total = sum(used.values())
            parts = "  ".join(f"{role} {seconds * 1e6:.1f}" for role, seconds in used.items())
            print(f"{size:>6}: {parts}  sum {total * 1e6:.1f}", end=" | ")
            print(f"rewards in process {direct * 1e6:.1f} = {direct / total:.0%}", end=" | ")
            print(f"measured {1 / wall:.0f}/s, possible {cores / total:.0f}/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 16384])
    given = parser.parse_args()
    uvloop.run(_run(given.items, given.rounds, given.sizes))  # which sends a body without copying it


if __name__ == "__main__":
    main()
