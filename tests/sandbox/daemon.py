"""A Docker daemon of the tests' own, where none is to be reached and `dockerd` is installed."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 30.0


@contextmanager
def running() -> Iterator[None]:
    """DOCKER_HOST points to a daemon meanwhile, if one can be had; tests of the backend skip where none can."""
    if "DOCKER_HOST" in os.environ or Path("/var/run/docker.sock").exists() or not _can_start():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="assay-dockerd-", ignore_cleanup_errors=True) as directory:
        process, address = _start(Path(directory))
        os.environ["DOCKER_HOST"] = address
        try:
            yield
        finally:
            del os.environ["DOCKER_HOST"]
            process.terminate()
            process.wait()
            _unmount(directory)


def _can_start() -> bool:
    return os.geteuid() == 0 and all(map(shutil.which, ("dockerd", "setpriv")))


def _start(directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    path = directory / "docker.sock"
    options = [f"--data-root={directory}/data", f"--exec-root={directory}/exec", f"--pidfile={directory}/pid"]
    # Containers here have no network, and the machine's tables are nobody's to change.
    options += ["--iptables=false", "--ip6tables=false", "--bridge=none", f"--host=unix://{path}"]
    with (directory / "log").open("wb") as log:
        # Tests that are killed leave no daemon.
        command = ["setpriv", "--pdeathsig", "TERM", "dockerd", *options]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return process, f"unix://{path}"


def _unmount(directory: str) -> None:
    for line in reversed(Path("/proc/mounts").read_text().splitlines()):
        place = line.split()[1]
        if place.startswith(directory):
            subprocess.run(["umount", "-l", place], capture_output=True, check=False)
