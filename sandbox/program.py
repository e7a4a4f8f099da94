"""Programs ready to run: source and how its language starts it, or what a compiler made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from sandbox.errors import BadJob
from sandbox.execution import Execution
from sandbox.languages import Language, filled
from sandbox.limits import MB, Limits
from sandbox.session import Session

PYTHON = "python"
CODE_BYTES = 8 << 20
"""Of a program's compiled code; a larger one is compiled in every run."""
PYTHON_FILE = b'  File "main.py"'
WORKING_DIRECTORY = "/tmp"
MOST_FILES = 64
FILES_BYTES = 16 << 20
"""Of the files that a program is given; they come in the request, beside its source."""
FETCHED_BYTES = 8 << 20
"""Of the files that a program leaves; they go back in the response, in base64."""
BLOCK_BYTES = 4096
"""What the smallest file or directory takes of a disk quota."""
MOST_PARTS = 16
PART_BYTES = 255
SYNTAX_ERRORS = (b"SyntaxError", b"IndentationError", b"TabError")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: source text in a language, its input and arguments, and files besides."""

    language: str
    code: str
    stdin: bytes = b""
    argv: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Path -> content, for the working directory (/tmp), where the program may change them."""
    fetch: tuple[str, ...] = ()
    """Paths of files to bring out of it afterwards; those that are there come, links are not followed."""

    def check(self, limits: Limits) -> "Program":
        """The same with paths as they are used. Raises BadJob naming what can't be."""
        if not self.files and not self.fetch:
            return self
        files = {inner_path(name): content for name, content in self.files.items()}
        wanted = tuple(inner_path(name) for name in self.fetch)
        if len(files) > MOST_FILES or len(wanted) > MOST_FILES:
            raise BadJob(f"files: more than {MOST_FILES}")
        for name in files:
            if any(str(parent) in files for parent in PurePosixPath(name).parents):
                raise BadJob(f"files: {name!r} lies in a file")
        room = sum(len(content) + BLOCK_BYTES * (1 + name.count("/")) for name, content in files.items())
        if room > min(FILES_BYTES, limits.disk_mb * MB):
            raise BadJob(f"files: more than {FILES_BYTES} bytes, or than limits.disk_mb")
        return replace(self, files=files, fetch=wanted)


def inner_path(name: str) -> str:
    """A path below the working directory, relative to it. Raises BadJob for any other."""
    path = PurePosixPath(name.encode("utf-8", "replace").decode())
    if path.is_absolute() and path.is_relative_to(WORKING_DIRECTORY):
        path = path.relative_to(WORKING_DIRECTORY)
    parts = path.parts
    if path.is_absolute() or not parts or ".." in parts or "\0" in name:
        raise BadJob(f"files: {name[:100]!r} is no path below {WORKING_DIRECTORY}")
    if len(parts) > MOST_PARTS or any(len(part.encode()) > PART_BYTES for part in parts):
        raise BadJob(f"files: {name[:100]!r} is longer or deeper than a path may be")
    return str(path)


@dataclass(frozen=True, slots=True)
class Ready:
    """A program that can be started in a jail, any number of times."""

    language: Language
    source: bytes
    command: tuple[str, ...] = ()
    """How it is started, but for what the run's limits say."""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """For /box: the source, or what was compiled."""
    main: str = ""

    def load(self, session: Session) -> None:
        """Put its files into a session's jail; once before any number of runs."""
        session.files(self.files)

    def caps(self, limits: Limits) -> dict[str, Any]:
        language = self.language
        return limits.caps(
            factor=language.factor,
            extra_processes=language.processes,
            extra_mb=language.memory_mb,
            bounded=language.bounded,
        )

    def run(
        self, session: Session, limits: Limits, stdin: bytes, argv: tuple[str, ...] = (), *, keep: bool = False
    ) -> Execution:
        """One run in a session's jail. `keep`: files are given to it, or fetched afterwards. Raises SandboxFault."""
        self.start(session, limits, stdin, argv, keep=keep)
        return session.finish(self.caps(limits))

    def start(
        self,
        session: Session,
        limits: Limits,
        stdin: bytes,
        argv: tuple[str, ...] = (),
        *,
        code: bytes = b"",
        tell: bool = False,
        keep: bool = False,
    ) -> None:
        """Ask for a run, and have it finished later.

        `tell`: let a Python program's code, as compiled, be the Execution's first of `more`; `code`: is it.
        """
        caps = self.caps(limits)
        if self.language.name == PYTHON:
            inputs = [stdin, self.source, code] if code else [stdin, self.source]
            more = [CODE_BYTES] if tell else []
            header: dict[str, Any] = {"argv": ["main.py", *argv], "known": bool(code), "tell": tell, "keep": keep}
            session.start("python", caps, *inputs, more=more, **header)
            return
        command = filled(self.command, memory=str(limits.memory_mb), main=self.main)
        header = {"argv": [*command, *argv], "native": self.language.bounded, "keep": keep}
        session.start("exec", caps, stdin, **header)


def interpreted(language: Language, code: str, command: tuple[str, ...]) -> Ready:
    """A program of a language without a compiler."""
    source = code.encode("utf-8", "replace")
    return Ready(language, source, command, {} if language.name == PYTHON else {language.source: source})


def compiled(language: Language, code: str, made: dict[str, bytes], command: tuple[str, ...]) -> Ready:
    main = language.main(made) if language.main else "main"
    return Ready(language, code.encode("utf-8", "replace"), command, made, main)


def is_syntax_error(execution: Execution) -> bool:
    """Whether a Python program was refused before any of it ran."""
    last = execution.stderr.rstrip().rpartition(b"\n")[2]
    return execution.code == 1 and execution.stderr.startswith(PYTHON_FILE) and last.startswith(SYNTAX_ERRORS)


def with_files(ready: Ready, files: dict[str, bytes]) -> Ready:
    """The same program with more files beside it."""
    return replace(ready, files={**ready.files, **files})
