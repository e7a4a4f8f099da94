"""An image of the user's own: whether it has what the harness needs, and where it has the languages' tools."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.backends.base import PACKAGE
from sandbox.backends.container import ENVIRONMENT
from sandbox.backends.view import PACKAGE_PLACE
from sandbox.errors import SandboxUnavailable
from sandbox.languages import LANGUAGES

OLDEST = (3, 11)
SCRIPT = f"""
for tool; do command -v "$tool" || echo; done
python3 - <<'END'
import hashlib, pathlib, sys
print(*sys.version_info[:2])
files = sorted(pathlib.Path({PACKAGE_PLACE!r}, "harness").glob("*.py"))
print(hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest())
END
"""


def harness() -> str:
    """What tells this version of the harness from others: the two ends must speak the same messages."""
    files = sorted((PACKAGE / "harness").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def look_into(client: Any, image: str) -> dict[str, str]:
    """Tool -> its path in the image, of those that it has. Raises SandboxUnavailable with what it lacks, OSError."""
    tools = sorted({name for language in LANGUAGES.values() for name in language.tools})
    said = client.containers.run(
        image, ["-c", SCRIPT, "sh", *tools], entrypoint=["/bin/sh"], environment=ENVIRONMENT, user="0:0",
        network_mode="none", read_only=True, remove=True, cap_drop=["ALL"], tmpfs={"/tmp": ""},
    ).decode()  # fmt: skip
    return found(image, tools, said.splitlines())


def found(image: str, tools: Sequence[str], lines: Sequence[str]) -> dict[str, str]:
    """The same of what the script said."""
    paths, rest = dict(zip(tools, lines, strict=False)), lines[len(tools) :]
    version = [int(part) for part in rest[0].split()] if rest else []
    if version < [*OLDEST]:
        raise SandboxUnavailable(f"docker: image {image} has no python3 of {'.'.join(map(str, OLDEST))} or newer")
    if rest[1:] != [harness()]:
        raise SandboxUnavailable(
            f"docker: image {image} has no {PACKAGE_PLACE} of this version; copy {Path(PACKAGE)} there"
        )
    return {name: path for name, path in paths.items() if path}
