"""`/v1/score` in all its ways against an enqueue-and-poll service with the same rewards, in one run.

    python -m benchmarks.protocols [--rounds 24] [--seconds 8]

Prints items a second of batches, of single-item requests with 64 in flight, of the peer's enqueue and poll (every
0.5 s, as its own benchmark does, and every 10 ms), and the latency of an online batch of 32 on the idle service and
while offline jobs run. Ratios are against the first line.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx
import msgspec
import uvloop

from app.cli.batches import service
from app.settings import Settings
from app.supervisor.redis_server import arguments, find_binary
from benchmarks.completions import items as make_items
from benchmarks.faults.cluster import free_port
from benchmarks.wire import Wire, decode, flood

_BATCH = 512
_IN_FLIGHT = 4
_SINGLES = 64
_FORM = "application/x-www-form-urlencoded"


def body(items: list[dict], **options: object) -> bytes:
    return msgspec.json.encode({"rubric": "r1", "items": items, "options": {"deadline_ms": 300_000, **options}})


async def batches(url: str, bodies: list[bytes], rounds: int) -> float:
    """Items a second, a few batches in flight."""
    numbers = iter(range(rounds))

    async def one() -> None:
        async with Wire(url) as wire:
            for n in numbers:
                status, answer = await wire.post("/v1/score", bodies[n % len(bodies)], cache_control="no-store")
                if status != 200 or len(decode(answer).results) != _BATCH:
                    raise RuntimeError(f"{status}: {answer[:200]!r}")

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(_IN_FLIGHT)))
    return rounds * _BATCH / (time.perf_counter() - started)


async def singles(url: str, seconds: float) -> float:
    """Items a second of one item a request, many at once."""
    ready = [body([item]) for item in make_items(512, 1024, 5)]
    started = time.perf_counter()
    done = await flood(url, "/v1/score", ready, _SINGLES, seconds, cache_control="no-store")
    return done / (time.perf_counter() - started)


async def enqueue_and_poll(url: str, bodies: list[bytes], rounds: int, every_s: float) -> float:
    """Items a second of the peer."""
    numbers = iter(range(rounds))

    async def one() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=120) as client:
            for n in numbers:
                key = (await client.post("/api/reward/enqueue", content=bodies[n % len(bodies)])).json()["uuid"]
                form = urlencode({"uuid": key, "type": "r1"})
                while True:
                    got = await client.post("/api/reward/pull", content=form, headers={"content-type": _FORM})
                    if got.status_code == 200:
                        break
                    await asyncio.sleep(every_s)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(_IN_FLIGHT)))
    return rounds * _BATCH / (time.perf_counter() - started)


async def latencies(url: str, seconds: float) -> list[float]:
    """Of an online batch of 32, one after the other."""
    ready = [body(make_items(32, 1024, n)) for n in range(16)]
    found: list[float] = []
    until = time.perf_counter() + seconds
    async with Wire(url) as wire:
        while time.perf_counter() < until:
            started = time.perf_counter()
            status, _ = await wire.post("/v1/score", ready[len(found) % 16], cache_control="no-store")
            if status != 200:
                raise RuntimeError(str(status))
            found.append(time.perf_counter() - started)
            await asyncio.sleep(0.01)
    return sorted(found)


async def beside_offline(url: str, seconds: float) -> tuple[list[float], list[float]]:
    """Latencies on the idle service, and while offline jobs of 100,000 items in all run."""
    idle = await latencies(url, seconds)
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        jobs = []
        for n in range(4):
            sent = await client.post(
                "/v1/jobs",
                content=body(make_items(25_000, 1024, 50 + n), priority="offline"),
                headers={"content-type": "application/json"},
            )
            jobs.append(sent.raise_for_status().json()["id"])
        busy = await latencies(url, seconds)
        for job in jobs:
            await client.delete(f"/v1/jobs/{job}")
    return idle, busy


async def _run(rounds: int, seconds: float) -> None:
    bodies = [body(make_items(_BATCH, 1024, n)) for n in range(8)]
    async with service(None) as url:
        await batches(url, bodies, 8)
        whole = await batches(url, bodies, rounds)
        print(f"batches of {_BATCH}, {_IN_FLIGHT} in flight:   {whole:>9,.0f}/s  1.00x", flush=True)
        alone = await singles(url, seconds)
        print(f"single items, {_SINGLES} in flight:  {alone:>9,.0f}/s  {alone / whole:.2f}x", flush=True)
        idle, busy = await beside_offline(url, seconds)
    for every_s in (0.5, 0.01):
        polled = await _peer(bodies, rounds, every_s)
        print(f"enqueue, poll each {every_s:g} s: {polled:>9,.0f}/s  {polled / whole:.2f}x", flush=True)
    p99 = [found[int(len(found) * 0.99)] * 1000 for found in (idle, busy)]
    p50 = [statistics.median(found) * 1000 for found in (idle, busy)]
    print(f"online batch of 32, idle service:       p50 {p50[0]:.1f} ms, p99 {p99[0]:.1f} ms")
    print(f"online batch of 32, beside offline jobs: p50 {p50[1]:.1f} ms, p99 {p99[1]:.1f} ms = {p99[1] / p99[0]:.1f}x")


async def _until_up(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            try:
                await client.get(url)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise TimeoutError("the peer did not start")


async def _peer(bodies: list[bytes], rounds: int, every_s: float) -> float:
    with tempfile.TemporaryDirectory(prefix="assay-peer-") as folder:
        settings = Settings(data_dir=Path(folder))
        command = [*arguments(settings, find_binary()), "--appendonly", "no"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, **quiet)  # noqa: ASYNC220
        port = free_port()
        cores = str(os.cpu_count() or 1)
        peer = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "benchmarks.enqueue_poll", str(port), str(settings.redis_socket), cores], **quiet
        )
        try:
            url = f"http://127.0.0.1:{port}"
            await _until_up(url)
            await enqueue_and_poll(url, bodies, _IN_FLIGHT, 0.05)
            return await enqueue_and_poll(url, bodies, rounds, every_s)
        finally:
            peer.terminate()
            peer.wait()
            server.terminate()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    uvloop.run(_run(given.rounds, given.seconds))


if __name__ == "__main__":
    main()
