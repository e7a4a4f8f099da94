"""Why namespaces are refused here, in words for the person who can change it. Read from the kernel's own files."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

CAP_SYS_ADMIN = 21
PAGE = "docs/security.md"
CONTAINER_FLAGS = (
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined, and --cap-add SYS_ADMIN (as root) or "
    "--security-opt systempaths=unconfined (as a user)"
)
"""Tried with Docker 20.10; AppArmor only where it is."""
POD_FIELDS = "securityContext: capabilities.add [SYS_ADMIN], seccompProfile Unconfined, procMount Unmasked"
CONTAINER_SIGNS = ("/.dockerenv", "/run/.containerenv")
_SETTINGS = {
    # File -> (the value that refuses, what to do).
    "user/max_user_namespaces": ("0", "the kernel gives no user namespaces: sysctl user.max_user_namespaces=15000"),
    "kernel/unprivileged_userns_clone": (
        "0",
        "user namespaces are for root: sysctl kernel.unprivileged_userns_clone=1",
    ),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "AppArmor refuses user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile",
    ),
}


def may_administrate(root: Path = Path("/")) -> bool:
    """Whether this process has CAP_SYS_ADMIN."""
    return bool(int(_status(root).get("CapEff", "0"), 16) >> CAP_SYS_ADMIN & 1)


def obstacles(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """What stands in the way, one sentence each; nothing where nothing is known to."""
    status = _status(root)
    if not may_administrate(root):
        for file, (refusing, advice) in _SETTINGS.items():
            if _text(root / "proc/sys" / file) == refusing:
                yield advice
    inside = any((root / sign.lstrip("/")).exists() for sign in CONTAINER_SIGNS)
    if "KUBERNETES_SERVICE_HOST" in environment:
        yield f"in a pod it needs {POD_FIELDS}, or runtimeClassName gvisor or kata"
    elif inside:
        yield f"in a container it needs {CONTAINER_FLAGS}"
    if (inside or "KUBERNETES_SERVICE_HOST" in environment) and status.get("Seccomp") == "2":
        yield "a seccomp profile is in force here"


def explained(error: str) -> str:
    """An error with what is known of its cause."""
    known = "; ".join(obstacles())
    return f"{error} ({known}; see {PAGE})" if known else f"{error} (see {PAGE})"


def _status(root: Path) -> dict[str, str]:
    lines = [line.partition(":") for line in _text(root / "proc/self/status").splitlines()]
    return {name: value.strip() for name, _, value in lines}


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
