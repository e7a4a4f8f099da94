"""A simulation of many workers on one Redis: where the limit is, and what more Redis servers do.

    python -m benchmarks.queue_sim [--measure] [--workers 1 10 100 1000] [--shards 1 4 16]

Discrete events: each Redis serves one command at a time; a worker's children take micro-batches, work, answer. With
`--measure` the costs of a command and of a KB are measured on a real Redis here, and the simulation of one and two
clients is held against that Redis.
"""

import argparse
import heapq
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import redis

from app.capacity import Costs
from app.settings import Settings
from app.supervisor.redis_server import arguments, find_binary

_CHILDREN = 16
"""Of a worker: one a core of a node."""
_TAKEN_AT_ONCE = 4
_MEASURED_S = 2.0
_WARM_S = 0.3


class Redis(NamedTuple):
    """Seconds that a server's one core spends."""

    command_s: float
    kb_s: float


class Load(NamedTuple):
    """What is scored."""

    items: int
    """Of a micro-batch."""
    kb: float
    """Of an item."""
    work_s: float
    """Of an item, on one core."""


def simulate(workers: int, children: int, shards: int, load: Load, server: Redis, seconds: float = 5.0) -> float:
    """Items a second. A child's loop: its share of a read, the work, its share of an answer; the API adds as fast as
    it can, on the same server."""
    free = [0.0] * shards
    """When each Redis has served what it was given."""
    batch_kb = load.items * load.kb
    # Bytes cross Redis twice: in by XADD and out by XREADGROUP. Scores are small beside them.
    enqueue = 3 * server.command_s + batch_kb * server.kb_s / 2
    take = server.command_s / _TAKEN_AT_ONCE + batch_kb * server.kb_s / 2
    answer = 4 * server.command_s
    order = count()
    events: list[tuple[float, int, int, bool]] = []
    total = workers * children
    for child in range(total):
        heapq.heappush(events, (load.work_s * load.items * child / total, next(order), child, False))
    done = 0
    while events and events[0][0] < seconds:
        now, _, child, answers = heapq.heappop(events)
        shard = child % shards
        begun = max(now, free[shard])
        if answers:
            free[shard] = begun + answer
            done += now >= _WARM_S
            heapq.heappush(events, (free[shard], next(order), child, False))
        else:
            free[shard] = begun + enqueue + take
            heapq.heappush(events, (free[shard] + load.work_s * load.items, next(order), child, True))
    return done * load.items / (seconds - _WARM_S)


def _client(path: str, items: int, kb: float, seconds: float) -> float:
    """Items a second through a real Redis, by the commands of the queue, without any work on them."""
    server = redis.Redis(unix_socket_path=path)
    stream, payload = f"q{time.monotonic_ns()}", b"x" * int(items * kb * 1024)
    server.xgroup_create(stream, "g", "0", mkstream=True)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        pipe = server.pipeline(transaction=True)
        for _ in range(_TAKEN_AT_ONCE):
            pipe.xadd(stream, {"payload": payload})
        pipe.execute()
        [[_, entries]] = server.xreadgroup("g", "c", {stream: ">"}, count=_TAKEN_AT_ONCE)
        pipe = server.pipeline(transaction=True)
        for id_, _ in entries:
            pipe.xack(stream, "g", id_)
            pipe.xdel(stream, id_)
            pipe.xadd(f"{stream}r", {"payload": b"y" * 64 * items}, maxlen=64)
        pipe.execute()
        done += items * len(entries)
    return done / (time.perf_counter() - started)


@contextmanager
def _server() -> Iterator[tuple[str, int]]:
    with tempfile.TemporaryDirectory(prefix="assay-sim-") as folder:
        settings = Settings(data_dir=Path(folder))
        process = subprocess.Popen(
            arguments(settings, find_binary()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not settings.redis_socket.exists():
            time.sleep(0.02)
        yield str(settings.redis_socket), process.pid
        process.terminate()
        process.wait()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure() -> Redis:
    """Costs of a command and of a KB, from the CPU time of a real Redis under two loads; and the check."""
    seen: list[tuple[float, float]] = []
    with _server() as (path, pid):
        for items, kb in ((1, 0.1), (32, 16.0)):
            before = _cpu_s(pid)
            rate = _client(path, items, kb, _MEASURED_S)
            batches = rate * _MEASURED_S / items
            seen.append(((_cpu_s(pid) - before) / batches, items * kb))
        (small, small_kb), (large, large_kb) = seen
        kb_s = max(0.0, (large - small) / (large_kb - small_kb))
        found = Redis((small - small_kb * kb_s) / 7.25, kb_s)
        print(f"measured: {found.command_s * 1e3:.4f} ms a command, {found.kb_s * 1e3:.5f} ms a KB")
        for clients in (1, 2):
            load = Load(32, 1.0, 0.0)
            before, started = _cpu_s(pid), time.perf_counter()
            with get_context("spawn").Pool(clients) as pool:
                real = sum(pool.starmap(_client, [(path, load.items, load.kb, _MEASURED_S)] * clients))
            busy = (_cpu_s(pid) - before) / (time.perf_counter() - started)
            # Clients cost CPU too; Redis alone, kept busy, would do what it did in the time that it worked.
            bound = simulate(clients, 1, 1, load, found, 2.0)
            spent = (_cpu_s(pid) - before) or 1e-9
            print(
                f"check, {clients} client(s): {real:,.0f} items/s with Redis {busy:.0%} busy; "
                f"by its CPU time {real * _MEASURED_S / spent:,.0f}/s, simulated {bound:,.0f}/s"
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 300, 1000])
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 4, 16])
    given = parser.parse_args()
    costs = Costs.read()
    server = measure() if given.measure else Redis(costs.ms_per_command / 1000, costs.redis_ms_per_kb / 1000)
    kinds = {
        "math 1 KB": Load(64, 1.0, costs.math.of(1.0) / 1000),
        "math 16 KB": Load(22, 16.0, costs.math.of(16.0) / 1000),
        "code": Load(1, 4.0, costs.code.of(4.0) / 1000),
    }
    print(f"\nitems/s; each worker has {_CHILDREN} children. ideal = workers × children / work")
    print(f"{'load':<12}{'workers':>8}{'ideal':>14}" + "".join(f"{f'{n} Redis':>16}" for n in given.shards))
    for name, load in kinds.items():
        for workers in given.workers:
            ideal = workers * _CHILDREN / load.work_s
            rates = [simulate(workers, _CHILDREN, shards, load, server, 2.0) for shards in given.shards]
            cells = "".join(f"{rate:>10,.0f} {rate / ideal:>4.0%} " for rate in rates)
            print(f"{name:<12}{workers:>8}{ideal:>14,.0f}{cells}", flush=True)


if __name__ == "__main__":
    main()
