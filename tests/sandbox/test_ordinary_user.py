"""The suites of contract and attacks again, as a user without any right, where jails stand in a user namespace."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = ("/usr/bin/python3.13", "/usr/bin/python3.12", "/usr/bin/python3.11")
USER = "12345"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else"),
]


def _python() -> str:
    python = next((path for path in PYTHONS if Path(path).exists()), None)
    if python is None:
        pytest.skip("no Python 3.11 or newer that every user may run")
    return python


def _suite(select: str, *files: str) -> subprocess.CompletedProcess[str]:
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/tmp",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": f"{ROOT}:{packages}",
    }
    # Without this project's settings and outer fixtures: they need packages that this interpreter may not have.
    options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "-W", "ignore", f"--confcutdir={ROOT}/tests/sandbox"]
    paths = [f"{ROOT}/tests/sandbox/{name}" for name in files]
    command = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", _python(), "-B", "-m", "pytest"]
    return subprocess.run(
        [*command, *options, f"--rootdir={ROOT}", "-k", select, *paths],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.parametrize(
    ("select", "files", "least"),
    [
        ("jail and (attack_gets or nothing_is_left or (bomb and memory))", ("test_attacks.py",), 60),
        ("jail and (job_ends or dead_process)", ("test_contract.py",), 70),
    ],
)
def test_a_user_without_rights_is_as_safe(select: str, files: tuple[str, ...], least: int) -> None:
    if not Path("/proc/self/ns/user").exists():
        pytest.skip("the kernel has no user namespaces")
    done = _suite(select, *files)
    if "PermissionError" in done.stdout + done.stderr or "No module named" in done.stdout + done.stderr:
        pytest.skip("the checkout or its packages can't be read by other users")
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout[-5000:]
    assert passed and int(passed[1]) >= least, done.stdout[-500:]
