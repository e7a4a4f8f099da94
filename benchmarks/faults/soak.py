"""Everything at random for minutes: kills, restarts and pauses of Redis, pauses of workers; the invariant must hold.

    python -m benchmarks.faults.soak [--seconds 600] [--seed N]

Prints the seed; the same seed hurts in the same order. Exits with 1 if an item was lost, answered twice or otherwise.
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter

from benchmarks.faults.cluster import Cluster, cluster
from benchmarks.faults.load import SINGLES, Outcome, run, workload

_ITEMS = 4096
_SINGLES = 256
"""Of them are sent once more, one a request."""
_PAUSES_S = (0.5, 2.5)
_REST_S = (0.3, 2.0)


class Chaos:
    """Hurts a service until told to stop."""

    def __init__(self, service: Cluster, seed: int) -> None:
        self._service = service
        self._rng = random.Random(seed)
        self.done: Counter[str] = Counter()

    async def run(self) -> None:
        actions = [self._kill] * 6 + [self._kill_redis, self._pause_redis, self._pause_worker, self._kill_api]
        while True:
            await self._keep_for(self._rng.uniform(*_REST_S))
            await self._rng.choice(actions)()

    async def _keep_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._service.keep()
            await asyncio.sleep(0.1)

    async def _kill(self) -> None:
        self.done[self._service.kill_some(self._rng)] += 1

    async def _kill_redis(self) -> None:
        self._service.redis.signal(signal.SIGKILL)
        self.done["Redis killed"] += 1

    async def _kill_api(self) -> None:
        self._rng.choice(self._service.apis).signal(signal.SIGKILL)
        self.done["API killed"] += 1

    async def _pause_redis(self) -> None:
        self._service.redis.signal(signal.SIGSTOP)
        self.done["Redis paused"] += 1
        await asyncio.sleep(self._rng.uniform(*_PAUSES_S))
        self._service.redis.signal(signal.SIGCONT)

    async def _pause_worker(self) -> None:
        worker = self._rng.choice(self._service.workers)
        worker.signal(signal.SIGSTOP)
        self.done["worker paused"] += 1
        await asyncio.sleep(self._rng.uniform(*_PAUSES_S))
        worker.signal(signal.SIGCONT)


async def soak(seconds: float, seed: int, workers: int = 2) -> tuple[Outcome, Counter[str]]:
    """The sum of all loads, and what was done meanwhile."""
    total = Outcome(0)
    batch, rewards = workload(_ITEMS, seed)
    with cluster(apis=2, workers=workers) as service:
        chaos = Chaos(service, seed)
        hurting = asyncio.create_task(chaos.run())
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if hurting.done():
                await hurting
            total.add(await run(service.urls, batch, rewards, seed))
            total.add(await run(service.urls, batch[:_SINGLES], rewards[:_SINGLES], seed, SINGLES))
        hurting.cancel()
        total.seconds = time.monotonic() - started
    return total, chaos.done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.seconds:.0f} s", flush=True)
    outcome, done = asyncio.run(soak(given.seconds, given.seed))
    print(outcome)
    print("  done: " + ", ".join(f"{number} × {what}" for what, number in sorted(done.items())))
    if not outcome.held:
        print(f"  errors: {outcome.errors}")
    sys.exit(not outcome.held)


if __name__ == "__main__":
    main()
