"""Sandboxes that the tests share: one of each backend that works here, started once."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config, Report, Sandbox, SandboxUnavailable
from sandbox.backends import BACKENDS
from tests.sandbox import daemon

ISOLATING = [name for name, backend in BACKENDS.items() if backend.sufficient]
SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[2] / ".." / "shared"))

Judge = Callable[..., Report]


ALL = os.environ.get("ASSAY_TEST_BACKENDS") == "all"
CONTAINERS = ("docker", "gvisor")
"""Backends whose runs take tenths of a second: of each long table they get a sample, unless all are asked for."""
FIXTURES = {"any_sandbox", "safe_sandbox"}
SAMPLE = {"docker": 11, "gvisor": 29}
"""Every n-th test of a file."""


@contextmanager
def jail_of_one_slot() -> Iterator[Sandbox]:
    """Skips where no jail works."""
    try:
        opened = Sandbox("jail", Config(slots=1)).open()
    except SandboxUnavailable as cause:
        pytest.skip(str(cause))
    with opened:
        yield opened


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seen = dict.fromkeys(CONTAINERS, 0)
    left_out: list[pytest.Item] = []
    for item in items if not ALL else ():
        for name in CONTAINERS:
            if f"[{name}" in item.name and FIXTURES & set(getattr(item, "fixturenames", ())):
                seen[name] += 1
                left_out += [item] * (seen[name] % SAMPLE[name] != 0)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


@pytest.fixture(scope="session")
def docker_daemon() -> Iterator[None]:
    with daemon.running():
        yield


def opened(name: str, request: pytest.FixtureRequest) -> Sandbox:
    if name == "docker":
        request.getfixturevalue("docker_daemon")
    try:
        return Sandbox(name, Config(slots=2)).open()
    except SandboxUnavailable as cause:
        pytest.skip(str(cause))


@pytest.fixture(scope="session", params=list(BACKENDS))
def any_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of every backend, the unsafe one included: what programs and tests may rely on."""
    with opened(request.param, request) as sandbox:
        yield sandbox


@pytest.fixture(scope="session", params=ISOLATING)
def safe_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of every backend that isolates: what attackers meet."""
    with opened(request.param, request) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def jail(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with opened("jail", request) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def humaneval() -> list[dict[str, Any]]:
    path = SHARED / "code" / "humaneval.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return [json.loads(line) for line in path.read_text().splitlines()]
