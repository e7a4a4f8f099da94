"""Sandboxes that the tests share: one of each backend that works here, started once."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config, Report, Sandbox, SandboxUnavailable
from sandbox.backends import BACKENDS

ISOLATING = [name for name, backend in BACKENDS.items() if backend.sufficient]
SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[2] / ".." / "shared"))

Judge = Callable[..., Report]


def opened(name: str) -> Sandbox:
    try:
        return Sandbox(name, Config(slots=2)).open()
    except SandboxUnavailable as cause:
        pytest.skip(str(cause))


@pytest.fixture(scope="session", params=list(BACKENDS))
def any_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of every backend, the unsafe one included: what programs and tests may rely on."""
    with opened(request.param) as sandbox:
        yield sandbox


@pytest.fixture(scope="session", params=ISOLATING)
def safe_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of every backend that isolates: what attackers meet."""
    with opened(request.param) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def jail() -> Iterator[Sandbox]:
    with opened("jail") as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def humaneval() -> list[dict[str, Any]]:
    path = SHARED / "code" / "humaneval.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return [json.loads(line) for line in path.read_text().splitlines()]
