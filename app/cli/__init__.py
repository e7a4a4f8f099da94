"""The `assay` command."""

import atexit
import gc
import sys

_FORKS = "rescore"
"""The command that waits for a fork server of offline work, unless it scores elsewhere."""
_ELSEWHERE = ("--engine", "--url", "--help")


def main() -> None:
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    gc.disable()  # what is imported is no garbage
    try:
        if asked == _FORKS and not any(argument.startswith(_ELSEWHERE) for argument in sys.argv):
            from app.offline.engines.forking import offline_fork_server

            offline_fork_server()  # which imports the rewards while this process imports all that it needs itself
            from app.offline.extras import bare_structlog

            bare_structlog()
        from app.cli.commands import COMMANDS, GROUPS, build

        known = (*COMMANDS, *GROUPS)
        command = build([asked] if asked in known else known)
    except KeyboardInterrupt:  # while it is imported; a command that runs sees to it itself
        sys.exit(130)
    gc.enable()
    atexit.register(gc.freeze)  # else all that was imported is looked through for garbage, for a fifth of a second
    command()
