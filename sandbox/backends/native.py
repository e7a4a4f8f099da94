"""Compiles the harness's C library, once for each version of it and machine, where there is a C compiler.

`python -m sandbox.backends.native` does it ahead of time and prints the path. Without a compiler programs start slower.
"""

import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HARNESS = Path(__file__).resolve().parent.parent / "harness"
SOURCES, HEADERS = ("launch.c", "inits.c", "repeat.c", "pages.c"), ("launch.h",)
COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-O2", "-shared", "-fPIC", "-fno-stack-protector")
COMPILE_S = 60.0
"""A second on an idle machine."""


def _directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "assay"


def _trusted(path: Path) -> bool:
    """Whether nobody else could have put it there: it will be loaded into a process with all our rights."""
    try:
        found = [path.stat(), path.parent.stat()]
    except OSError:
        return False
    return all(item.st_uid in (0, os.geteuid()) and not item.st_mode & 0o022 for item in found)


@functools.cache
def library() -> Path | None:
    """The compiled launcher; None where there is no compiler or no place for it."""
    try:
        texts = [(HARNESS / name).read_bytes() for name in (*SOURCES, *HEADERS)]
        wanted = hashlib.sha256(b"\0".join([*texts, " ".join(FLAGS).encode()])).hexdigest()[:16]
        path = _directory() / f"launch-{platform.machine()}-{wanted}.so"
        if not path.exists():
            _compile(path)
    except (OSError, RuntimeError, subprocess.SubprocessError):
        return None
    return path if _trusted(path) else None


def _compile(path: Path) -> None:
    """Raises OSError, SubprocessError."""
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        raise OSError("no C compiler")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        made = Path(directory) / path.name
        command = [compiler, *FLAGS, "-o", str(made), *(str(HARNESS / name) for name in SOURCES)]
        subprocess.run(command, check=True, capture_output=True, timeout=COMPILE_S)
        made.chmod(0o700)
        made.replace(path)  # at once: others may be about to load it


if __name__ == "__main__":
    found = library()
    print(found or "no C compiler: programs start slower")
    sys.exit(0)
