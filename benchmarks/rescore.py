"""`assay rescore` against its own rewards in process, and against the usual script over a data set.

    python -m benchmarks.rescore [--rows 200000] [--size 2000]

Prints completions a second of each, the ratios, and the most memory that the whole run held. The peer is what people
run today: datasets.map with math-verify, a format regex and langdetect, a process on every core, on a part of the
rows. Needs the extras `bench` and `offline`; works in a temporary folder of some hundred MB.
"""

import argparse
import compileall
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from app.queue.packing import components_of
from app.rewards.base import Sample
from app.rubric import resolve
from app.worker.scoring import bind
from benchmarks import recipe
from benchmarks.completions import items as make_items

_IN_PROCESS_S = 5.0
_PEER_S = 5.0
_DISTINCT = 20_000
"""Rows made anew; more are repeated with another question, so that nothing is equal and making them stays short."""
_OWN_DISTINCT = 10_000
"""As many for the rewards in process: a few that come again and again would be in the processor's caches."""
_TURNS = 3


def _in_process(size: int, seed: int) -> float:
    """Completions a second of the rewards alone in one process."""
    rubric = resolve("r1")
    components = bind(components_of(rubric))
    made = make_items(_OWN_DISTINCT, size, seed)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < _IN_PROCESS_S:
        item = made[done % len(made)]
        sample = Sample(item["completion"], item["prompt"], item["reference"])
        rubric.combine([c.score(sample, "").score for c in components])
        done += 1
    return done / (time.perf_counter() - started)


def _peer(size: int, seed: int) -> float:
    """Completions a second of the usual functions in one process."""
    reward = recipe.load()
    made = make_items(128, size, seed)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < _PEER_S:
        item = made[done % len(made)]
        reward(item["completion"], item["reference"]["answer"])
        done += 1
    return done / (time.perf_counter() - started)


def _write(folder: Path, rows: int, size: int) -> list[Path]:
    """The rows as JSON lines and as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = make_items(min(rows, _DISTINCT), size)
    lines, table = folder / "rows.jsonl", folder / "rows.parquet"
    writer: Any = None
    with lines.open("w") as file:
        for start in range(0, rows, len(made)):
            part = [
                {
                    **item,
                    "id": str(start + n),
                    "group": f"{start}-{item['group']}",
                    "prompt": f"{start}: {item['prompt']}",
                }
                for n, item in enumerate(made[: rows - start])
            ]
            file.writelines(json.dumps(item) + "\n" for item in part)
            batch = pa.Table.from_pylist(part)
            writer = writer or pq.ParquetWriter(table, batch.schema)
            writer.write_table(batch)
    writer.close()
    return [lines, table]


def _memory(pid: int) -> float:
    """MB that a process and all its descendants hold, shared pages once (PSS)."""
    total = 0
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        try:
            rollup = Path(f"/proc/{current}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += [int(p) for p in (task / "children").read_text().split()]
        except (OSError, StopIteration):
            continue
    return total / 1024


def _rescore(path: Path, out: Path) -> tuple[float, list[float]]:
    """Seconds of a run without its report, and the memory it held, sampled."""
    command = [sys.executable, "-m", "app.cli", "rescore", str(path), "--out", str(out), "--restart", "--no-report"]
    held: list[float] = []
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            held.append(_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"assay rescore ended with {code}")
    return time.perf_counter() - started, held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=2000)
    options = parser.parse_args()
    compileall.compile_dir("app", quiet=1)  # as an installed package is
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    own: list[float] = []
    peers: list[float] = []
    rates: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder, context.Pool(cores) as pool:
        files = _write(Path(folder), options.rows, options.size)
        for turn in range(_TURNS):
            own.append(sum(pool.starmap(_in_process, [(options.size, turn * cores + n) for n in range(cores)], 1)))
            peers.append(sum(pool.starmap(_peer, [(options.size, turn * cores + n) for n in range(cores)], 1)))
            for file in files:
                seconds, held = _rescore(file, Path(folder) / "out")
                rates.setdefault(file.suffix, []).append(options.rows / seconds)
                memory.setdefault(file.suffix, []).extend(held)
    alone, peer = statistics.median(own), statistics.median(peers)
    print(
        f"{options.rows:,} rollouts of {options.size} characters, rubric r1, {cores} cores, medians of {_TURNS} turns"
    )
    print(f"rewards in process, a process a core   {alone:>10,.0f}/s")
    print(f"math-verify + regex + langdetect       {peer:>10,.0f}/s   (the part of the usual script that scores)")
    for suffix, found in rates.items():
        rate = statistics.median(found)
        shares = f"{rate / alone:.0%} of in process, {rate / peer:.0f}x"
        print(f"assay rescore {suffix:9} start to end   {rate:>10,.0f}/s   {shares}")
        print(f"  memory of all its processes: {max(memory[suffix]):.0f} MB at most")


if __name__ == "__main__":
    main()
