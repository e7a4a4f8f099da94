"""The file system that a jail sees: a read-only tree in memory with the machine's programs bound into it.

Built once by the zygote in its own mount namespace, on a directory that exists anyway, so that no trace of it is ever
left on the machine. Jails get a copy of the namespace, and put their own /proc, /tmp and /box over the empty ones.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from sandbox.harness import kernel
from sandbox.harness.kernel import MS_BIND, MS_NOATIME, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REC, MS_REMOUNT

STAGE = "/sys"
"""Where the tree is put together: any directory would do, it is only hidden within our own mount namespace."""
SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "java-11-openjdk", "java-17-openjdk",
       "java-21-openjdk", "java-25-openjdk")  # fmt: skip
"""What of /etc runtimes need to start; accounts, keys and host names stay out. It is copied: every mount of this tree
is copied for each run, and taken down after it."""
TREE = "size=8m,nr_inodes=16384,mode=0755"
"""Of the root itself, in memory: a few files and many links."""
ACCOUNTS = {"passwd": "runner:x:65534:65534::/tmp:/bin/sh\n", "group": "runner:x:65534:\n"}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
SCRATCH = "nr_inodes=4096,mode=1777"
"""4096 files are more than a test needs, and bound the kernel memory that empty files take."""
BOX = "size=512m,nr_inodes=4096,mode=0755"
LARGE_PIECES = "huge=within_size"
"""A file in memory may lie in pieces larger than a page, as far as they hold nothing else. Of a program, fewer of them
are to be mapped and taken down."""
_LOCKED = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID


def _bind(source: Path, target: Path, lock: int) -> None:
    """Bind a file or a tree, then take its rights: a bind mount takes flags only on a second call."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    kernel.mount(str(source), str(target), "", MS_BIND | MS_REC)
    if lock:
        kernel.mount("none", str(target), "", lock | _kept_flags(target))


def _copy(source: Path, target: Path) -> None:
    """Copy a file, a link or a tree as far as it may be read, with its rights."""
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir(parents=True)
        for entry in source.iterdir():
            with suppress(PermissionError):
                _copy(entry, target / entry.name)
    elif source.is_file():
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode & 0o777)


def _devices(directory: Path) -> None:
    """Harmless devices: in a user namespace, which may make none, the machine's."""
    directory.mkdir()
    try:
        os.mknod(directory / "null", stat.S_IFCHR, os.makedev(*DEVICES["null"]))
    except OSError:
        for name in DEVICES:
            _bind(Path("/dev") / name, directory / name, 0)
        return
    (directory / "null").unlink()
    kernel.mount("tmpfs", str(directory), "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k,nr_inodes=32,mode=0755")
    for name, numbers in DEVICES.items():
        os.mknod(directory / name, stat.S_IFCHR, os.makedev(*numbers))
        (directory / name).chmod(0o666)


def _kept_flags(target: Path) -> int:
    """Flags of the mount that a user namespace may not take off it."""
    flags = os.statvfs(target).f_flag
    return flags & (MS_NOSUID | MS_NODEV | MS_NOEXEC)


def build(extra: list[str]) -> None:
    """Build the tree and make it this namespace's root. `extra`: absolute directories to show besides the system's.

    Raises OSError where the kernel refuses a step.
    """
    kernel.mount("none", "/", "", MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", STAGE, "tmpfs", MS_NOSUID, TREE)
    root = Path(STAGE)
    # What lies below the stage is hidden by it from here on: packages to show must lie elsewhere.
    for name in SYSTEM:
        source = Path("/") / name
        if source.is_symlink():
            (root / name).symlink_to(source.readlink())
        elif source.is_dir():
            _bind(source, root / name, _LOCKED | MS_NODEV)
    (root / "etc").mkdir()
    for name in ETC:
        source = Path("/etc") / name
        if source.exists():
            _copy(source.resolve(), root / "etc" / name)
    for name, content in ACCOUNTS.items():
        (root / "etc" / name).write_text(content)
    _devices(root / "dev")
    (root / "dev/fd").symlink_to("/proc/self/fd")
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        (root / "dev" / name).symlink_to(f"/proc/self/fd/{number}")
    for path in extra:
        if not any(Path(path).is_relative_to(Path("/") / name) for name in SYSTEM):
            _bind(Path(path), root / path.lstrip("/"), _LOCKED | MS_NODEV)
    (root / "dev/shm").symlink_to("/tmp")
    if os.path.ismount(root / "dev"):
        kernel.mount("none", str(root / "dev"), "", _LOCKED | MS_NOEXEC)
    for name in ("proc", "tmp", "box"):
        (root / name).mkdir(exist_ok=True)
    # A user namespace may mount its own /proc only where one is already to be seen; jails put theirs over this one.
    kernel.mount("proc", str(root / "proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    kernel.pivot_to(STAGE)
    kernel.mount("none", "/", "", MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_BIND)


def slot_mounts() -> None:
    """A slot's /box, which programs read and the slot fills, once in its own mount namespace.

    Without times of access: the next run could read in them what this one has looked at.
    """
    flags = MS_NOSUID | MS_NODEV | MS_NOATIME
    try:
        kernel.mount("tmpfs", "/box", "tmpfs", flags, f"{BOX},{LARGE_PIECES}")
    except OSError:  # a kernel that was built without them
        kernel.mount("tmpfs", "/box", "tmpfs", flags, BOX)


def private_mounts(scratch_bytes: int | None, shielded: bool) -> None:
    """A run's own /proc (showing no one else's processes) and /tmp; launch.c does the same.

    `scratch_bytes` None: /tmp stays the slot's. `shielded`: /box can't be written, whoever the user is.
    """
    kernel.mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2")
    if shielded:
        kernel.mount("none", "/box", "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOATIME)
    if scratch_bytes is not None:
        mount_scratch(scratch_bytes)


def scratch_options(size: int) -> str:
    return f"size={size},{SCRATCH}"


def mount_scratch(size: int) -> None:
    kernel.mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, scratch_options(size))
