"""The client's costs, each against a peer in the same run: `python -m benchmarks.client [--url URL] [--rounds N]`.

- 64 threads that score one item a call, against one thread that scores batches, and against 64 threads that post one
  item a request with httpx alone, as the trainers' own remote clients do;
- what the adapters add to an item, against the client's own call with the items made already;
- `import assay_client`, against `import httpx`.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
from assay_client import Client, trl
from assay_client._scoring import Scoring

from benchmarks import completions

THREADS = 64
BATCH = 512
RUBRIC = "r1"
_numbers = count()


def items(number: int, size: int) -> list[dict[str, Any]]:
    """Items that no earlier one equals: the cache must play no part."""
    return completions.items(number, size, seed=next(_numbers))


def rate(number: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return number / (time.perf_counter() - started)


def by_threads(one: Callable[[dict[str, Any]], object], batch: Sequence[dict[str, Any]]) -> None:
    """Each thread calls for an item at a time, again and again, as a trainer's own pool of reward workers does."""

    def calls(own: Sequence[dict[str, Any]]) -> None:
        for item in own:
            one(item)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(calls, [batch[n::THREADS] for n in range(THREADS)]):
            pass


def throughput(url: str, rounds: int, size: int) -> None:
    found: dict[str, list[float]] = {"batches": [], "threads": [], "posts": []}
    limits = httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)
    with Client(url, deadline_s=120) as client, httpx.Client(limits=limits, timeout=120) as http:

        def post(item: dict[str, Any]) -> None:
            body = {"rubric": RUBRIC, "items": [item]}
            http.post(f"{url}/v1/score", json=body).raise_for_status()

        client.score(items(64, size), RUBRIC)
        for _ in range(rounds):
            batches = [items(BATCH, size) for _ in range(4)]
            found["batches"].append(rate(4 * BATCH, lambda batches=batches: [client.score(b, RUBRIC) for b in batches]))
            singles = items(8 * BATCH, size)
            found["threads"].append(
                rate(len(singles), lambda singles=singles: by_threads(lambda i: client.score_one(i, RUBRIC), singles))
            )
            posts = items(BATCH, size)
            found["posts"].append(rate(len(posts), lambda posts=posts: by_threads(post, posts)))
    batch, single, posted = (statistics.median(found[name]) for name in ("batches", "threads", "posts"))
    print(f"{size} characters an item, medians of {rounds} rounds")
    print(f"  one thread, batches of {BATCH}          {batch:8,.0f}/s")
    print(f"  {THREADS} threads, score_one             {single:8,.0f}/s   {single / batch:.0%} of batches")
    print(f"  {THREADS} threads, httpx, one a request  {posted:8,.0f}/s   score_one is {single / posted:.1f}x")


def overhead() -> None:
    """The adapter's own work: columns to items, results to rewards and metrics; the service is left out."""
    made = trl.reward("r1", "http://127.0.0.1:1")
    number = 8192
    columns = {"answer": ["110"] * number, "data_source": ["openai/gsm8k"] * number}
    prompts, completions = ["What's 44 + 41 + 25?"] * number, ["x" * 1000] * number
    with_components = _results(number)

    class Nothing(Scoring):
        def score(self, items: Any, sources: Any) -> Any:
            return with_components

    made._scoring.__class__ = Nothing
    log: dict[str, float] = {}
    took: list[float] = []
    for _ in range(7):
        started = time.perf_counter()
        made(prompts=prompts, completions=completions, log_metric=log.__setitem__, **columns)
        took.append((time.perf_counter() - started) / number * 1e6)
    print(f"adapter (trl), an item                     {min(took):8.1f} µs")


def _results(number: int) -> list[Any]:
    from assay_client import Component, Result

    components = {name: Component(1.0, "ok", None, 0.1, False) for name in ("accuracy", "format", "language")}
    return [Result(str(n), 3.0, components, None) for n in range(number)]


def imports() -> None:
    def took(module: str) -> float:
        program = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True) for _ in range(7)]
        return min(float(run.stdout) for run in runs) * 1000

    ours, theirs = took("assay_client"), took("httpx")
    print(f"import assay_client {ours:6.0f} ms; import httpx {theirs:6.0f} ms: {ours / theirs:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    imports()
    overhead()
    for size in (1024, 16_384):
        throughput(arguments.url, arguments.rounds, size)


if __name__ == "__main__":
    main()
