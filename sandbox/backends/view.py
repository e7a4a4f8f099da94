"""What of this machine a container shows: its programs and libraries, read-only, and nothing else. As the jail's root.

So a container needs no image from a registry, and has the languages that the machine has.
"""

import io
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.backends.base import PACKAGE, Config
from sandbox.harness.rootfs import ACCOUNTS, ETC, SYSTEM
from sandbox.languages import toolchains

PACKAGE_PLACE = "/opt/assay/sandbox"
"""Where the harness's code is in every container."""
EMPTY = ("proc", "sys", "dev", "tmp", "box", "etc", "run")


@dataclass(frozen=True)
class View:
    """A root directory: symbolic links and small files of its own, and places of the machine bound into it."""

    links: dict[str, str]
    files: dict[str, bytes]
    binds: dict[str, str]
    """Target -> source on the machine, both absolute."""

    def directories(self) -> list[str]:
        """Relative paths of all directories that the root needs, parents first."""
        needed = {*EMPTY}
        for target, source in self.binds.items():
            place = Path(target.lstrip("/"))
            needed |= {str(parent) for parent in place.parents if str(parent) != "."}
            if Path(source).is_dir():
                needed.add(str(place))
        return sorted(needed)

    def mount_points(self) -> list[str]:
        """Relative paths of the files that are bound over."""
        return [target.lstrip("/") for target, source in self.binds.items() if not Path(source).is_dir()]

    def tar(self) -> bytes:
        """The root as an archive, the same for the same view."""
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as archive:
            for name in self.directories():
                # Container runtimes give a file system in memory the rights of the directory below it.
                archive.addfile(_member(name, tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755))
            for name, target in sorted(self.links.items()):
                archive.addfile(_member(name, tarfile.SYMTYPE, 0o777, target))
            for name, content in sorted({**dict.fromkeys(self.mount_points(), b""), **self.files}.items()):
                member = _member(name, tarfile.REGTYPE, 0o644)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return data.getvalue()

    def write(self, root: Path) -> None:
        """The root as a directory tree."""
        for name in self.directories():
            (root / name).mkdir(parents=True, exist_ok=True)
        for name, target in self.links.items():
            (root / name).symlink_to(target)
        for name, content in {**dict.fromkeys(self.mount_points(), b""), **self.files}.items():
            (root / name).write_bytes(content)


def _member(name: str, kind: bytes, mode: int, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.linkname = kind, mode, target
    return member


def of_machine(config: Config) -> View:
    """The view that every program of a sandbox gets, and the harness's own code with it."""
    links: dict[str, str] = {}
    binds: dict[str, str] = {}
    for name in SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            links[name] = str(path.readlink())
        elif path.is_dir():
            binds[f"/{name}"] = str(path)
    for name in ETC:
        path = Path("/etc") / name
        if path.exists():
            binds[str(path)] = str(path.resolve())
    # Not where it is on the machine: that may be below a directory that programs may write to.
    binds[PACKAGE_PLACE] = str(PACKAGE)
    extra = [Path(sys.base_prefix).resolve(), *toolchains(), *config.packages, *config.visible]
    for path in extra:
        if not any(path.is_relative_to(Path("/") / name) for name in SYSTEM):
            binds[str(path)] = str(path)
    return View(links, {f"etc/{name}": content.encode() for name, content in ACCOUNTS.items()}, binds)
