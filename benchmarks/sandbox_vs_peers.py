"""The sandbox against its peers, measured side by side in one run.

    python -m benchmarks.sandbox_vs_peers                      in process, against a bare subprocess
    … --sandboxfusion CLONE                                    and both services' POST /run_code, started here
    … --http-only --isolation lite                             of these the second alone, against one of its modes

In process, the peer is `subprocess.run` of the same interpreter (or binary) with no isolation at all, once as it is
and once with the rlimits that a judge sets at least. Over HTTP it is SandboxFusion in its local mode, started from a
clone of its repository (sandbox_servers.py). Runs alternate in slices, so that a machine that slows down slows both.
"""

import argparse
import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import sandbox_servers
from sandbox import Config, Limits, Program, Sandbox
from sandbox.backends.base import interpreter

TRIVIAL = "print(1)"
NATIVE = '#include <cstdio>\nint main() { puts("1"); }'
SLICES = 4
WARM_UP = 10
PAUSE_S, IDLE, MOST_PAUSES = 1.0, 0.05, 20
Run = Callable[[], Any]


def stats() -> dict[int, list[str]]:
    """Every process's /proc/PID/stat from its state on."""
    found: dict[int, list[str]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return found


def parents() -> dict[int, int]:
    return {pid: int(fields[1]) for pid, fields in stats().items()}


def spent() -> float:
    """CPU seconds of this process and of all that it started: what a busy machine changes least."""
    found = stats()
    total, generation = 0, {os.getpid()}
    while generation:
        total += sum(sum(map(int, found[pid][11:15])) for pid in generation if pid in found)
        generation = {pid for pid, fields in found.items() if int(fields[1]) in generation}
    return total / os.sysconf("SC_CLK_TCK")


class Timing:
    """Times of single runs (s) and of all of them together, and their CPU time on this side."""

    def __init__(self) -> None:
        self.runs: list[float] = []
        self.whole = 0.0
        self.cpu = 0.0

    @property
    def rate(self) -> float:
        return len(self.runs) / self.whole

    def at(self, share: float) -> float:
        ordered = sorted(self.runs)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000

    def __str__(self) -> str:
        cpu = self.cpu / len(self.runs) * 1000
        return (
            f"{self.rate:8.1f}/s  p50 {self.at(0.5):7.2f}  p99 {self.at(0.99):7.2f}  p99.9 {self.at(0.999):7.2f} ms"
            f"  CPU {cpu:6.2f} ms"
        )


def timed(run: Run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def alternate(contenders: dict[str, Run], concurrency: int, runs: int, warm_up: int = WARM_UP) -> dict[str, Timing]:
    """Run all contenders in turns of a slice each."""
    timings = {name: Timing() for name in contenders}
    with ThreadPoolExecutor(concurrency) as threads:
        for run in contenders.values():
            list(threads.map(lambda _, run=run: run(), range(warm_up)))
        for _ in range(SLICES):
            for name, run in contenders.items():
                started, cpu = time.perf_counter(), spent()
                timings[name].runs += threads.map(lambda _, run=run: timed(run), range(runs // SLICES))
                timings[name].whole += time.perf_counter() - started
                timings[name].cpu += spent() - cpu
    return timings


def show(title: str, timings: dict[str, Timing], ours: str, target: str = "") -> None:
    print(f"\n{title}")
    for name, timing in timings.items():
        cpu = timing.cpu / max(timings[ours].cpu, 1e-9)
        ratio = "" if name == ours else f"   ours is {timings[ours].rate / timing.rate:.2f} x, by CPU {cpu:.2f} x"
        print(f"  {name:28} {timing}{ratio}")
    print(f"  p99.9 / p50 of ours: {timings[ours].at(0.999) / timings[ours].at(0.5):.1f}{target}")


def rlimits() -> None:
    for which, value in ((resource.RLIMIT_CPU, 10), (resource.RLIMIT_FSIZE, 1 << 24), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(which, (value, value))


def bare(command: list[str], limited: bool) -> Run:
    prepare = rlimits if limited else None
    return lambda: subprocess.run(command, capture_output=True, env={}, check=True, preexec_fn=prepare)


def in_process(sandbox: Sandbox, runs: int) -> None:
    trivial, native = Program("python", TRIVIAL), Program("cpp", NATIVE)
    # Without its start-up hooks, which on a developer's machine can take longer than all the rest.
    python = [interpreter(), "-I", "-S", "-c", TRIVIAL]
    for concurrency in (1, 2, 16):
        contenders = {
            "jail": lambda: sandbox.run(trivial),
            "bare subprocess": bare(python, limited=False),
            "bare subprocess + rlimits": bare(python, limited=True),
        }
        timings = alternate(contenders, concurrency, runs)
        show(f"trivial Python program, concurrency {concurrency}", timings, "jail", "  (want < 10)")
    with tempfile.TemporaryDirectory() as directory:
        source, binary = Path(directory) / "a.cpp", Path(directory) / "a"
        source.write_text(NATIVE)
        if sandbox.run(native).ok:
            subprocess.run(["g++", "-O2", "-o", binary, source], check=True)
            contenders = {
                "jail": lambda: sandbox.run(native),
                "bare subprocess": bare([str(binary)], limited=False),
                "bare subprocess + rlimits": bare([str(binary)], limited=True),
            }
            show("compiled binary, concurrency 2", alternate(contenders, 2, runs), "jail")
    modes(sandbox, runs)


def modes(sandbox: Sandbox, runs: int) -> None:
    rows = [{"input": str(n), "output": str(n)} for n in range(50)]
    stdio = {"mode": "stdio", "code": "print(input())", "tests": rows}
    calls = [{"args": [n, 1], "expected": n + 1} for n in range(100)]
    function = {"mode": "function", "entry_point": "f", "code": "def f(a, b): return a + b", "tests": calls}
    asserts = {
        "mode": "asserts",
        "code": "def f(a, b): return a + b",
        "tests": [f"assert f({n}, 1) == {n + 1}" for n in range(7)],
    }
    fifty = alternate({"jail": lambda: sandbox.judge(stdio)}, 1, max(SLICES, runs // 20))["jail"]
    cpu = fifty.cpu / len(fifty.runs) / 50 * 1000
    print(f"\n50 stdio tests of one program, one at a time: {fifty.at(0.5) / 50:.2f} ms a test, CPU {cpu:.2f} ms")
    for title, job in (("function mode, 100 tests", function), ("asserts mode, 7 tests", asserts)):
        timing = alternate({"jail": lambda job=job: sandbox.judge(job)}, 2, runs)["jail"]
        print(f"{title}, concurrency 2: {timing}")


def memory(sandbox: Sandbox, runs: int) -> None:
    """Memory of the sandbox's processes, each page once, warm and after many runs."""

    def used() -> float:
        total, generation = 0, {os.getpid()}
        for _ in range(3):  # keeper, zygote, slots; what is below a slot shares its memory
            generation = {pid for pid, parent in parents().items() if parent in generation}
            for pid in generation:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    before = used()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: sandbox.run(Program("python", TRIVIAL)), range(runs)))
    print(f"\nmemory of the sandbox (2 slots), without its owner: {before:.1f} MB, after {runs} runs {used():.1f} MB")


_kept = threading.local()
"""A connection of each thread to each service: a client that costs little, for it is the service that is measured."""


def ask(address: str, body: bytes) -> Any:
    """A service's answer; a connection that it closed while others had their turn is opened again."""
    connections: dict[str, http.client.HTTPConnection] = _kept.__dict__
    try:
        return _asked(connections.setdefault(address, http.client.HTTPConnection(address, timeout=60)), body)
    except ConnectionError:
        connections[address] = http.client.HTTPConnection(address, timeout=60)
        return _asked(connections[address], body)


def _asked(connection: http.client.HTTPConnection, body: bytes) -> Any:
    connection.request("POST", "/run_code", body, {"content-type": "application/json"})
    return json.load(connection.getresponse())


def post(url: str, code: str, stdin: str = "") -> Run:
    body = json.dumps({"code": code, "language": "python", "stdin": stdin, "run_timeout": 10}).encode()

    def run() -> None:
        result = ask(urlsplit(url).netloc, body)
        if result.get("status") != "Success":
            raise RuntimeError(f"{url}: {result}")

    return run


def over_http(sandbox: Sandbox, assay: str, peer: str, runs: int) -> None:
    for concurrency in (2, 16):
        contenders = {"assay": post(assay, TRIVIAL), "SandboxFusion": post(peer, TRIVIAL)}
        title = f"POST /run_code, trivial Python program, concurrency {concurrency}"
        show(title, alternate(contenders, concurrency, runs), "assay")
    rows = [{"input": str(n), "output": str(n)} for n in range(50)]
    job = {"mode": "stdio", "code": "print(input())", "tests": rows}
    calls = [post(peer, "print(input())", str(n)) for n in range(50)]
    contenders = {
        "one job of 50 tests": lambda: sandbox.judge(job),
        "50 calls of SandboxFusion": lambda: [c() for c in calls],
    }
    show("50 stdio tests (ours in process)", alternate(contenders, 2, SLICES, warm_up=2), "one job of 50 tests")


def quieten() -> None:
    """Wait until what was started has finished starting, as its work would count as ours."""
    for _ in range(MOST_PAUSES):
        before = spent()
        time.sleep(PAUSE_S)
        if spent() - before < IDLE * PAUSE_S:
            return


def services(sandbox: Sandbox, clone: Path, work: Path, isolations: list[str], runs: int) -> None:
    with sandbox_servers.assay() as assay:
        for isolation in isolations:
            with sandbox_servers.sandbox_fusion(clone, work, isolation) as peer:
                print(f"\nSandboxFusion with isolation `{isolation}`")
                quieten()
                over_http(sandbox, assay, peer, runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400, help="runs of each contender")
    parser.add_argument("--soak", type=int, default=2000, help="runs between the two looks at memory")
    parser.add_argument("--http-runs", type=int, default=200, help="requests of each contender")
    parser.add_argument("--sandboxfusion", type=Path, help="a clone of bytedance/SandboxFusion")
    parser.add_argument("--isolation", choices=("none", "lite"), help="of its modes only this one")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "assay-sandboxfusion",
                        help="where it is installed, and kept for the next time")  # fmt: skip
    parser.add_argument("--http-only", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are to be stopped then too
    with Sandbox(config=Config(slots=2)) as sandbox:
        print(f"{sys.version.split()[0]}; {sandbox.backend.name}: {sandbox.backend.describe()}")
        sandbox.run(Program("python", TRIVIAL), Limits())
        if not options.http_only:
            in_process(sandbox, options.runs)
            memory(sandbox, options.soak)
        if options.sandboxfusion:
            isolations = [options.isolation] if options.isolation else ["none", "lite"]
            services(sandbox, options.sandboxfusion, options.work, isolations, options.http_runs)


if __name__ == "__main__":
    main()
