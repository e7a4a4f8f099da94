"""Fixtures shared by all tests: the real server, the real service, the shared data where there is any."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.queue.connection import Server
from app.settings import Settings
from app.supervisor.redis_server import arguments, find_binary

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "tests" / "fixtures" / "plugin"
_START_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real rollouts and cases that only the project's developers have."""
    path = Path(os.environ.get("ASSAY_SHARED", ROOT.parent / "shared"))
    if not path.is_dir():
        pytest.skip("no shared data beside the checkout")
    return path


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


@dataclass
class Service:
    """A whole service: `assay serve` in a folder of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def printed(self) -> Path:
        """What `assay serve` prints."""
        return self.folder.with_name(f"{self.folder.name}.out")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Service":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_") and k != "REDIS_URL"}
        self.folder.mkdir(exist_ok=True)
        with self.printed.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port), "--data-dir", str(self.folder)],
                env={**environment, "PYTHONPATH": str(PLUGIN), **self.environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if "Ctrl-C" in self.printed.read_text():
                return self
            time.sleep(0.05)
        raise AssertionError(f"the service did not start: {self.stop()}")

    def stop(self, number: int = signal.SIGINT) -> str:
        """Stop it as Ctrl-C does; what it printed."""
        if self.process is None:
            return ""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(timeout=60)
        return self.printed.read_text()

    def score(self, items: list[dict[str, Any]], rubric: Any = "r1", **options: Any) -> dict[str, Any]:
        """Body of a successful `/v1/score`."""
        body = {"rubric": rubric, "items": items, "options": options}
        response = httpx.post(f"{self.url}/v1/score", json=body, timeout=120)
        assert response.status_code == 200, response.text
        return response.json()

    def pids(self, what: str = "") -> list[int]:
        """Processes of this service, by the folder in their environment; `what` must be in the command line."""
        return [pid for pid, command in processes_of(self.folder) if what in command]


def processes_of(folder: Path) -> list[tuple[int, str]]:
    """Processes that were started with this data folder: `(pid, command line)`."""
    found: list[tuple[int, str]] = []
    mark = f"ASSAY_DATA_DIR={folder}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if command:
                    found.append((int(entry.name), command))
        except OSError:
            continue
    return found


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """One service for all tests that do not harm it."""
    running = Service(tmp_path_factory.mktemp("service")).start()
    yield running
    running.stop()


@pytest.fixture
def new_service(tmp_path: Path) -> Generator[Callable[..., Service]]:
    """Starts services for a test that harms them; stops what is left."""
    started: list[Service] = []

    def start(name: str = "own", **environment: str) -> Service:
        one = Service(tmp_path / name, environment)
        started.append(one)
        return one.start()

    yield start
    for one in started:
        one.stop()


@pytest.fixture
async def redis_server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A connection to a real server of the test's own."""
    settings = Settings(data_dir=tmp_path)
    process = subprocess.Popen(arguments(settings, find_binary()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server.of(settings)
    while not settings.redis_socket.exists():
        await asyncio.sleep(0.01)
    await server.ping()
    yield server
    await server.close()
    process.kill()
    process.wait()
