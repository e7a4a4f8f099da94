"""What the backends have besides the contract: reasons why one does not work here, and what a killed owner leaves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import sandbox
from sandbox import Config, Program, Sandbox, SandboxUnavailable
from sandbox.backends import docker, obstacles, view
from sandbox.backends.container import sweep

ROOT = Path(__file__).parents[2]


def machine(root: Path, *, capabilities: str = "0", seccomp: str = "0", **settings: str) -> Path:
    """The files of a machine, as far as they are read."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/status").write_text(f"Name:\tx\nCapEff:\t{capabilities}\nSeccomp:\t{seccomp}\n")
    for name, value in settings.items():
        path = root / "proc/sys" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value + "\n")
    return root


@pytest.mark.parametrize(
    ("settings", "environment", "signs", "told"),
    [
        ({"user__max_user_namespaces": "0"}, {}, (), "max_user_namespaces"),
        ({"kernel__unprivileged_userns_clone": "0"}, {}, (), "unprivileged_userns_clone=1"),
        ({"kernel__apparmor_restrict_unprivileged_userns": "1"}, {}, (), "AppArmor"),
        ({"seccomp": "2"}, {}, (".dockerenv",), "--cap-add SYS_ADMIN"),
        ({"seccomp": "2"}, {}, (".dockerenv",), "seccomp profile"),
        ({"seccomp": "2"}, {"KUBERNETES_SERVICE_HOST": "x"}, (), "procMount Unmasked"),
    ],
)
def test_what_stands_in_the_way_is_told(
    tmp_path: Path, settings: dict[str, str], environment: dict[str, str], signs: tuple[str, ...], told: str
) -> None:
    root = machine(tmp_path, **settings)
    for sign in signs:
        (root / sign).touch()
    assert told in "; ".join(obstacles.obstacles(root, environment))


def test_nothing_is_made_up_where_nothing_is_known(tmp_path: Path) -> None:
    root = machine(tmp_path, capabilities="000001ffffffffff", user__max_user_namespaces="0")
    assert list(obstacles.obstacles(root, {})) == []


def test_a_container_s_root_is_the_same_for_the_same_machine() -> None:
    seen = view.of_machine(Config())
    assert seen.tar() == view.of_machine(Config()).tar()
    assert not {"/etc", "/home", "/root", "/var", "/"} & set(seen.binds)


def test_directories_of_killed_owners_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in (f"x-{os.getpid()}-a", "x-999999999-b", "x-none", "y-999999999-c"):
        (tmp_path / name).mkdir()
    sweep("x-")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"x-{os.getpid()}-a", "x-none", "y-999999999-c"]


OWNER = (
    "import sys; sys.path.insert(0, {root!r})\nfrom sandbox import *\ns = Sandbox({name!r}, Config(slots=2)).open()\n"
    "import threading\nrun = lambda: s.run(Program('python', 'while True: pass'), Limits(wall_s=60))\n"
    "s.run(Program('python', ''))\nthreading.Thread(target=run).start()\nprint('up', flush=True)\n"
)


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["docker", "gvisor"])
def test_a_killed_owner_leaves_no_container(name: str, request: pytest.FixtureRequest) -> None:
    if name == "docker":
        request.getfixturevalue("docker_daemon")
    try:
        Sandbox(name, Config(slots=1)).open().close()
    except SandboxUnavailable as cause:
        pytest.skip(str(cause))
    code = OWNER.format(root=str(ROOT), name=name)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None and owner.stdout.readline() == "up\n"
        assert left(name, owner.pid)
        owner.send_signal(signal.SIGKILL)
    assert eventually(lambda: not left(name, owner.pid))


def left(name: str, owner: int) -> list[str]:
    """Containers of an owner that still run."""
    if name == "gvisor":
        return [path.name for path in Path("/proc").iterdir() if f"assay-gvisor-{owner}-" in _command_line(path)]
    import docker as sdk

    client = sdk.from_env(version="auto")
    try:
        # The low-level list: the other one asks after each container again, and one may be gone by then.
        return [c["Id"] for c in client.api.containers(filters={"label": f"{docker.LABEL}={owner}"})]
    finally:
        client.close()


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.e2e
def test_where_a_container_forbids_namespaces_the_jail_says_what_it_needs(docker_daemon: None) -> None:
    """A real container with Docker's default profile, and one with the rights that the message asks for."""
    sdk = pytest.importorskip("docker")
    try:
        with Sandbox("docker", Config(slots=1)) as outside:
            assert outside.run(Program("python", "")).ok
            image = outside.backend._image
    except SandboxUnavailable as cause:
        pytest.skip(str(cause))
    seen = view.of_machine(Config())
    binds = {source: {"bind": target, "mode": "ro"} for target, source in seen.binds.items()}
    python = sandbox.backends.base.interpreter()
    code = "import sandbox; row = sandbox.doctor()[0]; print(row.available, row.detail)"
    common = {
        "command": [python, "-B", "-c", code],
        "volumes": binds,
        "network_mode": "none",
        "environment": {"PYTHONPATH": "/opt/assay"},
        "remove": True,
        "tmpfs": {"/tmp": ""},
    }
    client = sdk.from_env(version="auto")
    try:
        refused = client.containers.run(image, **common).decode()
        assert refused.startswith("False jail: namespaces refused") and obstacles.CONTAINER_FLAGS in refused
        rights = {"cap_add": ["SYS_ADMIN"], "security_opt": ["seccomp=unconfined"]}
        assert client.containers.run(image, **common, **rights).decode().startswith("True ")
    finally:
        client.close()
