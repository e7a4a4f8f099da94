"""The API processes of one machine: several behind one port, their metrics together."""

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from app.settings import Settings
from app.supervisor.process import Managed

METRICS_ENV = "PROMETHEUS_MULTIPROC_DIR"
"""Where the client library of Prometheus has its processes keep their counts; each serves those of all."""


def api_processes(settings: Settings, environment: Mapping[str, str]) -> list[Managed]:
    """Those that the settings say, not started. Each binds the port itself; the kernel divides the connections."""
    command = [sys.executable, "-m", "app.cli", "api"]
    count = settings.api_processes
    if count == 1:
        return [Managed("api", command, environment, settings.log_dir)]
    counts = _fresh(settings.data_dir)
    several = {**environment, "ASSAY_API_PROCESSES": str(count), METRICS_ENV: str(counts)}
    return [_OneOfSeveral(f"api-{n}", command, several, settings.log_dir, counts) for n in range(count)]


class _OneOfSeveral(Managed):
    """Takes what a dead process said of itself, such as its requests in flight, out of the counts of all."""

    def __init__(
        self, name: str, arguments: list[str], environment: Mapping[str, str], log_dir: Path, counts: Path
    ) -> None:
        super().__init__(name, arguments, environment, log_dir)
        self._counts = counts

    async def start(self) -> None:
        if self.pid is not None:
            for file in self._counts.glob(f"gauge_live*_{self.pid}.db"):
                file.unlink(missing_ok=True)
        await super().start()


def hang_up(processes: list[Managed]) -> None:
    """Have all read rubrics and keys again."""
    for process in processes:
        if process.alive and process.pid is not None:
            os.kill(process.pid, signal.SIGHUP)


def _fresh(data_dir: Path) -> Path:
    """An empty folder for counts: those of an earlier start are of other processes."""
    folder = data_dir.resolve() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
