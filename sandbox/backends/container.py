"""What backends with a container a slot have in common: the harness's command line, and its rights."""

import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from sandbox.backends.base import Config, harness_command
from sandbox.backends.view import PACKAGE_PLACE
from sandbox.harness.keeper import FIRST_USER, USERS_A_KEEPER
from sandbox.harness.standalone import Plan

TMP = "rw,exec,nosuid,nodev,mode=1777,nr_inodes=4096"
BOX = "rw,exec,nosuid,nodev,noatime,mode=0755,nr_inodes=4096,size=512m"
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
"""Of the harness in the container: to become the program's user, to end it, and to clear its files away."""
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}


def sweep(prefix: str) -> None:
    """Remove temporary directories, named PREFIX + process id + -…, whose owner was killed."""
    for directory in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        owner = directory.name.removeprefix(prefix).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(directory, ignore_errors=True)


def command(config: Config, number: int, python: str | None = None) -> list[str]:
    """The harness as a container's first process; `python` where it is not this machine's own."""
    plan = Plan(
        box="/box",
        scratch="/tmp",
        search=[str(path) for path in config.packages],
        preload=list(config.preload),
        # The kernel counts a user's processes machine-wide, so each slot of each sandbox has its own.
        uid=FIRST_USER + os.getpid() * USERS_A_KEEPER + 2 * number,
        filtered=True,
        contained=True,
    )
    return harness_command("standalone", json.dumps(asdict(plan)), python=python, package=PACKAGE_PLACE)
