"""Keeps one machine's processes, embedded Redis, API and workers: restarts what dies, leaves nothing behind."""

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import structlog

from app.queue.connection import Server
from app.queue.outage import QueueUnavailable
from app.settings import Settings
from app.supervisor.apis import api_processes
from app.supervisor.errors import DataDirInUse, StartFailed
from app.supervisor.process import Managed, keep
from app.supervisor.redis_server import arguments, find_binary

_log = structlog.get_logger(__name__)
_START_TIMEOUT_S = 60.0
_POLL_S = 0.05
_REDIS_GRACE_S = 10.0


class Supervisor:
    """Runs everything within `running()`; several on one machine need folders and ports of their own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._environment = environment_of(settings)
        self.ready = asyncio.Event()
        self.redis: Managed | None = None
        self.apis = api_processes(settings, self._environment)
        self.workers = [
            self._managed(f"worker-{n}", [sys.executable, "-m", "app.cli", "worker"]) for n in range(settings.workers)
        ]

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::") else self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.port}"

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Start all, ready to score; stop all at the end. Raises StartFailed, NoRedis, DataDirInUse."""
        self.settings.log_dir.mkdir(parents=True, exist_ok=True)
        with _exclusive(self.settings.data_dir.resolve()):
            keepers: list[asyncio.Task[None]] = []
            try:
                if self.settings.redis_url is None:
                    self.redis = self._managed("redis", arguments(self.settings, find_binary()))
                    await self.redis.start()
                    await self._wait_for(self._redis_answers, self.redis)
                for process in (*self.apis, *self.workers):
                    await process.start()
                await self._wait_for(self._api_ready, self.apis[0])
                every = [*self.apis, *self.workers] + ([self.redis] if self.redis else [])
                keepers = [asyncio.create_task(keep(process)) for process in every]
                self.ready.set()
                yield
            finally:
                for task in keepers:
                    task.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)
                await self._stop()

    async def _stop(self) -> None:
        """The API first, so that nothing new comes; then the workers finish; Redis last, it holds their answers."""
        grace = self.settings.grace_s + 1.0
        await asyncio.gather(*(api.stop(grace) for api in self.apis))
        await asyncio.gather(*(worker.stop(grace) for worker in self.workers))
        if self.redis is not None:
            await self.redis.stop(_REDIS_GRACE_S)
            self.settings.redis_socket.unlink(missing_ok=True)

    async def _wait_for(self, ready: Callable[[], Awaitable[bool]], process: Managed) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not await ready():
            if not process.alive or time.monotonic() > deadline:
                log = process.last_lines()
                raise StartFailed(f"{process.name} did not come up; the end of {process.log_file}:\n{log}")
            await asyncio.sleep(_POLL_S)

    async def _redis_answers(self) -> bool:
        server = Server.of(self.settings)
        try:
            await server.ping()
            return True
        except QueueUnavailable:
            return False
        finally:
            await server.close()

    async def _api_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"{self.url}/health/ready")).is_success
        except httpx.TransportError:
            return False

    def _managed(self, name: str, command: list[str]) -> Managed:
        return Managed(name, command, self._environment, self.settings.log_dir)


def environment_of(settings: Settings) -> dict[str, str]:
    """What the parts of the service are started with."""
    return {
        **os.environ,
        "ASSAY_REDIS_URL": settings.server_url,
        "ASSAY_DATA_DIR": str(settings.data_dir.resolve()),
        "ASSAY_HOST": settings.host,
        "ASSAY_PORT": str(settings.port),
        "ASSAY_INSECURE_NO_AUTH": str(settings.insecure_no_auth),
    }


@contextmanager
def _exclusive(folder: Path) -> Generator[None]:
    """Hold a lock on a folder: two services in one folder would share a queue and a socket."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirInUse(
                f"another assay runs in {folder}: stop it, or give this one a --data-dir of its own"
            ) from None
        yield
