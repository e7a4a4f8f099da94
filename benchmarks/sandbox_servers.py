"""Starts the two services that sandbox_vs_peers.py compares over HTTP: Assay's, and SandboxFusion from a clone of it.

SandboxFusion looks for a conda environment, a folder of built pages and its clone's configuration; it gets the least
of these that lets it start, an empty HOME, no shell profile (one is read for every program that it runs) and, for its
programs, the system's plain Python: start-up hooks of a developer's interpreter would slow it down. Its mode `lite`
needs root, control groups of version 1, and the commands of Debian's `cgroup-tools`, `iproute2` and `iptables`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = (
    "fastapi>=0.103.1,<0.104", "pydantic>=2.4,<2.7", "uvicorn[standard]==0.25.0", "structlog>=23.1,<24", "psutil",
    "aiofiles", "aiohttp", "tenacity", "databases[aiomysql,aiosqlite]>=0.9", "transformers>=4.44,<5", "pyyaml",
)  # fmt: skip
"""What its pyproject.toml asks for."""
START_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], port: int, env: dict[str, str], cwd: Path, path: str) -> Generator[str]:
    """A server's URL, once it answers. Everything that it started is gone at the end."""
    log = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_S
        while not _answers(url + path):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"{command[0]} did not start:\n{log.read().decode()[-3000:]}")
            time.sleep(0.2)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@contextmanager
def assay() -> Generator[str]:
    """`assay serve`, as a user starts it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        env = {**os.environ, "ASSAY_DATA_DIR": directory, "ASSAY_LOG_LEVEL": "warning"}
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        with running(command, port, env, Path.cwd(), "/health/ready") as url:
            yield url


def _prepared(clone: Path, work: Path) -> Path:
    """A copy of the clone, an interpreter with its requirements, and what passes for a conda environment."""
    copy, venv = work / "sandboxfusion", work / "venv"
    if not (venv / "bin/uvicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "-q", *REQUIREMENTS], check=True)
    if not copy.exists():
        subprocess.run(["git", "clone", "-q", clone, copy], check=True)
    work.mkdir(parents=True, exist_ok=True)
    for name in ("condabin", "bin", "python", "home"):
        (work / name).mkdir(exist_ok=True)
    (copy / "docs/build").mkdir(exist_ok=True)
    for name in ("python", "python3"):
        link = work / "python" / name
        if not link.exists():
            link.symlink_to("/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable)
    # Its mode `lite` does all by sudo, which has nothing to do where we are root; this one is the faster.
    sudo = work / "python/sudo"
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)
    (work / "bin/activate").write_text(f'export PATH="{work / "python"}:$PATH"\n')
    return copy


def _left() -> set[tuple[str, ...]]:
    """What mode `lite` leaves on the machine, each as the command that takes it away."""

    def lines(*command: str) -> list[str]:
        try:
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        except OSError:
            return []

    found = {("ip", "netns", "delete", line.split()[0]) for line in lines("ip", "netns")}
    rules = [line.split() for line in lines("iptables", "-w", "-t", "nat", "-S", "POSTROUTING")]
    found |= {("iptables", "-w", "-t", "nat", "-D", *rule[1:]) for rule in rules if rule[0] == "-A"}
    found |= {("rmdir", str(path)) for path in Path("/sys/fs/cgroup").glob("*/sandbox_*")}
    overlays = [str(path) for path in Path("/tmp").glob("overlay_*")]
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [place for place in mounted if any(place.startswith(f"{path}/") for path in overlays)]
    return (
        found
        | {("umount", "-l", place) for place in inside}
        | {("rm", "-rf", "--one-file-system", p) for p in overlays}
    )


@contextmanager
def _nothing_left() -> Generator[None]:
    before = _left()
    try:
        yield
    finally:
        for command in sorted(_left() - before, key=lambda c: c[0] != "umount"):
            subprocess.run(command, capture_output=True, check=False)


@contextmanager
def sandbox_fusion(clone: Path, work: Path, isolation: str) -> Generator[str]:
    """SandboxFusion in its local mode, with isolation `none` or `lite`."""
    copy = _prepared(clone.resolve(), work.resolve())
    configs = copy / "sandbox/configs"
    text = re.sub(r"isolation: \w+", f"isolation: {isolation}", (configs / "local.yaml").read_text())
    (configs / f"{isolation}.yaml").write_text(text)
    port = free_port()
    env = {
        "HOME": str(work.resolve() / "home"),
        "PATH": f"{work.resolve() / 'python'}:/usr/sbin:/usr/bin:/sbin:/bin",
        "SANDBOX_CONFIG": isolation,
    }
    command = [str(work.resolve() / "venv/bin/uvicorn"), "sandbox.server.server:app", "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log"]
    with _nothing_left(), running(command, port, env, copy, "/v1/ping") as url:
        yield url
