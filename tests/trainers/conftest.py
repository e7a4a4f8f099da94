"""The trainers' own environment: `make test-trainers` makes it; without it these tests are skipped, saying so."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT

VENV = Path(os.environ.get("TRAINERS_VENV", ROOT / ".venv-trainers"))
EXAMPLES = ROOT / "examples" / "trainers"
_TIME_S = 280


@dataclass
class Trainers:
    """Runs programs where the trainers are installed."""

    python: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, example: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.python, EXAMPLES / example, *arguments],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, example: str, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Return code, what it printed, its errors."""
        process = self.start(example, *arguments, **environment)
        try:
            printed, errors = process.communicate(timeout=_TIME_S)
        finally:
            process.kill()
        return process.returncode, printed, errors

    def last_line(self, example: str, *arguments: str, **environment: str) -> str:
        code, printed, errors = self.run(example, *arguments, **environment)
        assert code == 0, errors[-3000:]
        return printed.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def trainers() -> Trainers:
    python = VENV / "bin" / "python"
    if not python.exists():
        assert os.environ.get("ASSAY_TRAINERS") != "required", f"no trainers in {VENV}"
        pytest.skip("no trainers installed: `make test-trainers` installs them")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "RAY_DEDUP_LOGS": "0"}
    return Trainers(python, {**kept, **quiet})


def needs(trainers: Trainers, module: str, path: Path | None = None) -> None:
    """Skip, saying so, where a trainer is not installed."""
    environment = {**trainers.environment, **({"PYTHONPATH": str(path)} if path else {})}
    done = subprocess.run([trainers.python, "-c", f"import {module}"], env=environment, capture_output=True, text=True)
    if done.returncode:
        assert os.environ.get("ASSAY_TRAINERS") != "required", done.stderr
        pytest.skip(f"{module} is not installed: {done.stderr.strip().splitlines()[-1]}")
