"""The commands of docs/api.md do what the page says."""

import os
import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT, Service

pytestmark = pytest.mark.e2e

COMMANDS = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "api.md").read_text("utf-8"), re.DOTALL)
SAYS = ['"reward":2.0', '"usage"', "event: end"]


@pytest.mark.parametrize(("command", "says"), list(zip(COMMANDS, SAYS, strict=True)))
def test_a_command_of_the_page_works(service: Service, command: str, says: str):
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "ASSAY_URL": service.url},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert says in ran.stdout
    assert "urn:assay" not in ran.stdout
