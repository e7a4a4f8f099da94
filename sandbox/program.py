"""Programs ready to run: source and how its language starts it, or what a compiler made of it."""

from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.execution import Execution
from sandbox.languages import Language, filled
from sandbox.limits import Limits
from sandbox.session import Session

PYTHON = "python"
PYTHON_FILE = b'  File "main.py"'
SYNTAX_ERRORS = (b"SyntaxError", b"IndentationError", b"TabError")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: source text in a language, its input and arguments."""

    language: str
    code: str
    stdin: bytes = b""
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """A program that can be started in a jail, any number of times."""

    language: Language
    source: bytes
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

    def run(self, session: Session, limits: Limits, stdin: bytes, argv: tuple[str, ...] = ()) -> Execution:
        """One run in a session's jail. Raises SandboxFault."""
        caps = self.caps(limits)
        if self.language.name == PYTHON:
            return session.run("python", caps, self.source, stdin, argv=["main.py", *argv])
        command = filled(self.language.run, memory=str(limits.memory_mb), main=self.main)
        return session.run("exec", caps, stdin, argv=[*command, *argv], native=self.language.bounded)


def interpreted(language: Language, code: str) -> Ready:
    """A program of a language without a compiler."""
    source = code.encode("utf-8", "replace")
    return Ready(language, source, {} if language.name == PYTHON else {language.source: source})


def compiled(language: Language, code: str, made: dict[str, bytes]) -> Ready:
    main = language.main(made) if language.main else "main"
    return Ready(language, code.encode("utf-8", "replace"), made, main)


def is_syntax_error(execution: Execution) -> bool:
    """Whether a Python program was refused before any of it ran."""
    last = execution.stderr.rstrip().rpartition(b"\n")[2]
    return execution.code == 1 and execution.stderr.startswith(PYTHON_FILE) and last.startswith(SYNTAX_ERRORS)


def with_files(ready: Ready, files: dict[str, bytes]) -> Ready:
    """The same program with more files beside it."""
    return replace(ready, files={**ready.files, **files})
