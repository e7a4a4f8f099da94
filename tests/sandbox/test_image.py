"""Docker with an image of the user's own, made here from a part of this machine: no registry is asked for anything."""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config, Program, Sandbox, SandboxUnavailable, UnknownLanguage
from sandbox.backends import image
from sandbox.backends.base import PACKAGE, interpreter
from sandbox.backends.docker import Docker

pytestmark = pytest.mark.e2e
NAME = "assay-test-image"
COMMANDS = {"sh": "/bin/sh", "rm": "/bin/rm", "bash": "/usr/local/bin/bash"}
"""Where they are in the image: bash not where this machine has it."""
LEFT_OUT = re.compile(r"/(__pycache__|test|tests|site-packages|idlelib|ensurepip|config-[^/]*|lib2to3|tkinter)(/|$)")


def libraries(paths: list[str]) -> set[str]:
    """Absolute paths of the shared libraries that programs and modules need."""
    said = subprocess.run(["ldd", *paths], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"(/\S+\.so\S*)(?: \(0x|$)", said)) | set(re.findall(r"=> (/\S+)", said))


def add(archive: tarfile.TarFile, source: str, target: str) -> None:
    archive.add(os.path.realpath(source), target.lstrip("/"), recursive=False)


def root(*, package: bool = True) -> bytes:
    """The image's root: an interpreter with its library where this machine has it, a shell, and the harness."""
    python, prefix = interpreter(), Path(sys.base_prefix).resolve()
    stdlib = prefix / f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    modules = [path for path in stdlib.rglob("*") if path.is_file() and not LEFT_OUT.search(str(path))]
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for directory in ("tmp", "box", "proc", "sys", "dev", "etc", "usr/local/bin", "bin"):
            member = tarfile.TarInfo(directory)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        link = tarfile.TarInfo("usr/local/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, python
        archive.addfile(link)
        add(archive, python, python)
        for path in modules:
            add(archive, str(path), str(path))
        for name, target in COMMANDS.items():
            add(archive, str(shutil.which(name)), target)
        found = [str(shutil.which(name)) for name in COMMANDS] + [str(path) for path in modules if path.suffix == ".so"]
        for path in libraries([python, *found]):
            add(archive, path, path)
        for path in PACKAGE.rglob("*.py") if package else ():
            add(archive, str(path), f"/opt/assay/sandbox/{path.relative_to(PACKAGE)}")
    return data.getvalue()


@pytest.fixture(scope="module")
def client(docker_daemon: None) -> Iterator[Any]:
    sdk = pytest.importorskip("docker")
    try:
        Sandbox("docker", Config(slots=1)).open().close()
    except SandboxUnavailable as cause:
        pytest.skip(str(cause))
    found = sdk.from_env(version="auto")
    yield found
    found.close()


@pytest.fixture(scope="module")
def sandbox(client: Any) -> Iterator[Sandbox]:
    client.api.import_image_from_data(root(), repository=NAME, tag="whole")
    try:
        with Sandbox(Docker(Config(slots=1), f"{NAME}:whole")) as opened:
            yield opened
    finally:
        client.images.remove(f"{NAME}:whole", force=True)


JOBS: dict[str, tuple[dict[str, Any], str]] = {
    "stdio": ({"mode": "stdio", "code": "print(int(input()) * 2)", "tests": [{"input": "2", "output": "4"}]}, "AC"),
    "function": (
        {"mode": "function", "entry_point": "f", "code": "f = abs", "tests": [{"args": [-1], "expected": 1}]},
        "AC",
    ),
    "asserts": ({"mode": "asserts", "code": "def f(x): return x", "tests": ["assert f([2]) == [2]"]}, "AC"),
    "cheat": ({"mode": "asserts", "code": "import os; os._exit(0)", "tests": ["assert f([2]) == [2]"]}, "RE"),
    "bash": (
        {"mode": "stdio", "language": "bash", "code": "read x; echo $x", "tests": [{"input": "a", "output": "a"}]},
        "AC",
    ),
}


@pytest.mark.parametrize("name", JOBS)
def test_programs_run_on_an_image_of_the_user_s_own(sandbox: Sandbox, name: str) -> None:
    job, status = JOBS[name]
    report = sandbox.judge(job)
    assert report.status == status, report


def test_programs_see_the_image_and_not_this_machine(sandbox: Sandbox) -> None:
    seen = sandbox.run(Program("bash", "echo /usr/local/bin/* /usr/bin/*; echo $BASH; cd /tmp; echo x > y; echo *"))
    assert seen.stdout == b"/usr/local/bin/bash /usr/local/bin/python3 /usr/bin/*\n/usr/local/bin/bash\ny\n", seen
    assert sandbox.run(Program("bash", "echo /tmp/*")).stdout == b"/tmp/*\n"


def test_a_language_that_the_image_lacks_is_told_and_no_fault_of_the_program(sandbox: Sandbox) -> None:
    with pytest.raises(UnknownLanguage, match="node not installed"):
        sandbox.run(Program("javascript", "console.log(1)"))


def test_an_image_without_the_harness_or_that_is_not_there_is_refused_with_the_reason(client: Any) -> None:
    client.api.import_image_from_data(root(package=False), repository=NAME, tag="bare")
    try:
        with pytest.raises(SandboxUnavailable, match="no /opt/assay/sandbox of this version"):
            Sandbox(Docker(Config(slots=1), f"{NAME}:bare")).open()
    finally:
        client.images.remove(f"{NAME}:bare", force=True)
    with pytest.raises(SandboxUnavailable, match=r"[nN]o such image"):
        Sandbox(Docker(Config(slots=1), f"{NAME}:nowhere")).open()


@pytest.mark.parametrize("lines", [[], ["", "3 9", "x"], ["/bin/node", "3 11", "another version"], ["", "3 12"]])
def test_what_an_image_lacks_is_found(lines: list[str]) -> None:
    with pytest.raises(SandboxUnavailable, match="image mine has no"):
        image.found("mine", ["node"], lines)


def test_tools_of_an_image_are_where_it_has_them() -> None:
    lines = ["", "/opt/node", "3 13", image.harness()]
    assert image.found("mine", ["gcc", "node"], lines) == {"node": "/opt/node"}
