"""What a process writes of what happens in it."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, structlog
from app.observe.logs import configure, debugs
configure(sys.argv[1], process="test")
structlog.get_logger().debug("seen")
print(debugs())
"""


@pytest.mark.parametrize("level", ["debug", "info", "warning"])
def test_whether_debug_lines_are_written_is_known(level: str):
    done = subprocess.run([sys.executable, "-c", SCRIPT, level], capture_output=True, text=True, check=True)
    assert ('"event":"seen"' in done.stderr) is (done.stdout.strip() == "True") is (level == "debug")
