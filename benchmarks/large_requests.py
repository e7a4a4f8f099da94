"""Cost and memory of one request by its number of items: `python -m benchmarks.large_requests`.

Each way of sending is measured at 512 items and at more, in one run against one service; the ratio is the cost of an
item in the large request over that in a request of 512. CPU time of the API is what tells on a noisy machine.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx

from app.cli.batches import _free_port  # pyright: ignore[reportPrivateUsage]
from app.settings import Settings
from app.supervisor.supervisor import Supervisor
from benchmarks.completions import items as make_items

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_OPTIONS = {"deadline_ms": 1_200_000}
_NDJSON = "application/x-ndjson"
_MARK = b'"reward"'
_PIECE = 1 << 16


class Way(NamedTuple):
    """How a request is sent and answered."""

    sent: str
    accepted: str


WAYS = (Way("application/json", "application/json"), Way("application/json", _NDJSON), Way(_NDJSON, _NDJSON))


class Cost(NamedTuple):
    """Of one request, per item."""

    wall_us: float
    api_cpu_us: float
    peak_mb: float


def pieces(way: Way, pool: list[str], count: int) -> Iterator[bytes]:
    """The body, in pieces: it is never in this process as a whole."""
    lines = way.sent == _NDJSON
    head = {"rubric": "r1", "options": _OPTIONS}
    yield (json.dumps(head) + "\n" if lines else json.dumps(head)[:-1] + ', "items": [').encode()
    buffer = bytearray()
    for n in range(count):
        buffer += pool[n % len(pool)].encode() + (b"\n" if lines else b"," if n + 1 < count else b"]}")
        if len(buffer) > _PIECE:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


async def measure(url: str, pid: int, way: Way, pool: list[str], count: int) -> Cost:
    """Send one request; what it cost."""

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces(way, pool, count):
            yield piece

    begin_peak(pid)
    cpu, started, read = cpu_s(pid), time.perf_counter(), 0
    tail = b""
    headers = {"content-type": way.sent, "accept": way.accepted, "cache-control": "no-store"}
    async with (
        httpx.AsyncClient(timeout=600, trust_env=False) as client,
        client.stream("POST", f"{url}/v1/score", content=body(), headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        async for chunk in response.aiter_bytes():
            seen = tail + chunk
            read += seen.count(_MARK)
            tail = seen[1 - len(_MARK) :]
    assert read == count, (read, count)
    wall = time.perf_counter() - started
    return Cost(wall / count * 1e6, (cpu_s(pid) - cpu) / count * 1e6, peak_mb(pid))


def cpu_s(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def begin_peak(pid: int) -> None:
    """Have the peak of a process's memory begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """Peak of a process's resident memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def run(counts: list[int], size: int, ways: list[Way]) -> None:
    """Measure all ways and print them."""
    pool = [json.dumps(item) for item in make_items(2048, size)]
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        settings = Settings(data_dir=Path(folder), port=_free_port(), host="127.0.0.1", log_level="warning")
        supervisor = Supervisor(settings)
        async with supervisor.running():
            pid = supervisor.apis[0].pid or 0
            await measure(supervisor.url, pid, ways[0], pool, 512)
            for way in ways:
                base = await small(supervisor.url, pid, way, pool)
                print(f"{way.sent.split('/')[1]:>9} -> {way.accepted.split('/')[1]:9}", end="")
                print(f"    512 items: {base.wall_us:6.0f} us an item, API CPU {base.api_cpu_us:5.1f} us", flush=True)
                for count in counts:
                    cost = await measure(supervisor.url, pid, way, pool, count)
                    wall, cpu = cost.wall_us / base.wall_us, cost.api_cpu_us / base.api_cpu_us
                    print(
                        f"{count:>30} items: {cost.wall_us:6.0f} us an item ({wall:.2f}x of 512), "
                        f"API CPU {cost.api_cpu_us:5.1f} us ({cpu:.2f}x), API peak {cost.peak_mb:.0f} MB",
                        flush=True,
                    )


async def small(url: str, pid: int, way: Way, pool: list[str], rounds: int = 16) -> Cost:
    """Requests of 512, one after the other, until the clock is fine enough."""
    costs = [await measure(url, pid, way, pool, 512) for _ in range(rounds)]
    means = [sum(values) / rounds for values in zip(*costs, strict=True)]
    return Cost(*means)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[4096, 65_536])
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--ways", type=int, nargs="+", default=[0, 1, 2], help="positions in WAYS")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.counts, arguments.size, [WAYS[n] for n in arguments.ways]))


if __name__ == "__main__":
    main()
