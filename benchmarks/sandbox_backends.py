"""The sandbox's backends beside each other and beside no sandbox at all, in one run.

    python -m benchmarks.sandbox_backends [--runs 60]

Each runs a trivial Python program, one at a time and two at a time; the peer is `subprocess.run` of the same
interpreter without its start-up hooks. Runs alternate in slices, so that a machine that slows down slows all. Backends
that do not work here say why. Set DOCKER_HOST where the daemon is not at its usual place.
"""

import argparse
import subprocess
from contextlib import ExitStack

from benchmarks.sandbox_vs_peers import TRIVIAL, Run, alternate, show
from sandbox import Config, Limits, Program, Sandbox, SandboxUnavailable
from sandbox.backends import BACKENDS
from sandbox.backends.base import interpreter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60, help="runs of each contender")
    runs = parser.parse_args().runs
    peer = "bare subprocess"
    contenders: dict[str, Run] = {
        peer: lambda: subprocess.run([interpreter(), "-I", "-S", "-c", TRIVIAL], capture_output=True, check=True)
    }
    with ExitStack() as stack:
        for name in BACKENDS:
            try:
                sandbox = stack.enter_context(Sandbox(name, Config(slots=2)))
            except SandboxUnavailable as cause:
                print(f"{name}: not here: {cause}")
                continue
            contenders[name] = lambda sandbox=sandbox: sandbox.run(Program("python", TRIVIAL), Limits(wall_s=30))
        for concurrency in (1, 2):
            show(f"trivial Python program, {concurrency} at a time", alternate(contenders, concurrency, runs), peer)


if __name__ == "__main__":
    main()
