"""A service of real processes that can be hurt: Redis, API nodes and workers, each restarted as a supervisor would."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import redis

from app.settings import Settings
from app.supervisor.redis_server import arguments, find_binary

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "tests" / "fixtures" / "plugin"
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
"""Shows processes another time; of the package libfaketime."""
_START_S = 90.0
_POLL_S = 0.1
_STOP_S = 30.0


class Process:
    """One process, started again when it dies."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, environment, log
        self.restarts = -1
        self.start()

    def start(self) -> None:
        self.restarts += 1
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def keep(self) -> None:
        """Start it again if it died."""
        if self._popen.poll() is not None:
            self.start()

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def wait(self) -> None:
        self._popen.wait(_STOP_S)

    def stop(self) -> None:
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._popen.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._popen.wait()


class Cluster:
    """One Redis with its append-only file, any number of API nodes and workers."""

    def __init__(self, folder: Path, apis: int, workers: int, environment: dict[str, str], clock: bool) -> None:
        settings = Settings(data_dir=folder)
        folder.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_") and k != "REDIS_URL"}
        own = {"REDIS_URL": settings.server_url, "ASSAY_DATA_DIR": str(folder), "PYTHONPATH": str(PLUGIN)}
        own |= {"ASSAY_CACHE_ITEMS": "0", "ASSAY_LEASE_S": "1.5", "ASSAY_LOG_LEVEL": "warning"}
        self._clock = folder / "clock"
        if clock:
            self.set_clock("+0")
            own |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self._clock)}
            own |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        full = {**kept, **own, **environment}
        self._socket = str(settings.redis_socket)
        self.redis = Process(arguments(settings, find_binary()), kept, folder / "redis.log")
        self.apis: list[Process] = []
        self.urls: list[str] = []
        for n in range(apis):
            port = free_port()
            command = [sys.executable, "-m", "app.cli", "api", "--port", str(port)]
            self.apis.append(Process(command, full, folder / f"api-{n}.log"))
            self.urls.append(f"http://127.0.0.1:{port}")
        command = [sys.executable, "-m", "app.cli", "worker", "--lanes", "cpu", "--concurrency", "2"]
        self.workers = [Process(command, full, folder / f"worker-{n}.log") for n in range(workers)]

    def set_clock(self, offset: str) -> None:
        """Move the clocks of API and workers, in seconds; for a service that was made so."""
        self._clock.write_text(f"{offset}\n")

    def keep(self) -> None:
        """Start what died again."""
        for process in (self.redis, *self.apis, *self.workers):
            process.keep()

    def wait_ready(self) -> None:
        """Until each API says that Redis answers and a worker lives."""
        deadline = time.monotonic() + _START_S
        for url in self.urls:
            while True:
                try:
                    if httpx.get(f"{url}/health/ready", timeout=30).is_success:
                        break
                except httpx.TransportError:
                    pass
                if time.monotonic() > deadline:
                    raise TimeoutError("the service is not ready")
                self.keep()
                time.sleep(_POLL_S)

    def children(self) -> list[int]:
        """Processes below the workers: fork servers and those that score."""
        parents = _parents()
        found, front = [], [worker.pid for worker in self.workers]
        while front:
            front = [pid for pid, parent in parents.items() if parent in front]
            found += front
        return found

    def kill_some(self, rng: random.Random) -> str:
        """SIGKILL one worker or one process below a worker; which."""
        below = self.children()
        if below and rng.random() < 2 / 3:
            return _kill(rng.choice(below), "child")
        return _kill(rng.choice(self.workers).pid, "worker")

    def client(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=self._socket, socket_timeout=10)

    def stop(self) -> None:
        for processes in (self.apis, self.workers, [self.redis]):
            for process in processes:
                process.stop()
        Path(self._socket).unlink(missing_ok=True)


@contextmanager
def cluster(*, apis: int = 1, workers: int = 1, clock: bool = False, **environment: str) -> Iterator[Cluster]:
    """A service in a folder of its own, ready; stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="assay-faults-") as folder:
        one = Cluster(Path(folder), apis, workers, environment, clock)
        try:
            one.wait_ready()
            yield one
        finally:
            one.stop()


def _kill(pid: int, what: str) -> str:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return f"{what} gone"
    return what


def _parents() -> dict[int, int]:
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
