"""The languages: how each is compiled and run, and what its runtime needs besides the program. One table."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import UnknownLanguage

PROBE_S = 20.0
"""A compiler that does not tell its version in this time is not installed in a usable way."""
NAME_BYTES = 200
"""Of a source file's name; file systems take 255 with the ending."""
OUT = "/tmp/out"
BOX = "/box"


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Commands are argument lists; `{tool}` names are filled from `tools`, `{memory}` in megabytes."""

    name: str
    tools: tuple[str, ...]
    """Programs that must be installed; none for Python, whose interpreter is the jail's own."""
    source: str = "main"
    """Name of the source file."""
    compile: tuple[str, ...] = ()
    """Compiler's command, run in /tmp with the source in /box; everything that it leaves in /tmp/out is kept."""
    run: tuple[str, ...] = ()
    """Program's command, run in /tmp with the source or what was compiled in /box."""
    factor: float = 1.0
    """How much longer than C++ the same idea may take: runtimes start and warm up."""
    processes: int = 0
    """Threads of the runtime itself."""
    memory_mb: int = 0
    """Memory of the runtime itself, which the program's limit is not meant for."""
    bounded: bool = False
    """Whether its address space may be limited; some runtimes reserve more than they use."""
    aliases: tuple[str, ...] = ()
    rename: Callable[[str], str] | None = None
    """File name that the source itself demands."""
    main: Callable[[dict[str, bytes]], str] | None = None
    """Name to start, from what was compiled."""


_PUBLIC_CLASS = re.compile(r"^\s*public\s+(?:final\s+|abstract\s+)*(?:class|interface|enum|record)\s+(\w+)", re.M)
_MAIN_METHOD = b"([Ljava/lang/String;)V"


def _java_file(source: str) -> str:
    found = _PUBLIC_CLASS.search(source)
    name = found[1] if found else "Main"
    # A name that no file can have is left to the compiler to refuse.
    return f"{name if len(name.encode('utf-8', 'replace')) <= NAME_BYTES else 'Main'}.java"


def _java_main(files: dict[str, bytes]) -> str:
    """The class with a main method: `Main` or `Solution` if there is such a one, else the first."""
    classes = {name.removesuffix(".class"): code for name, code in files.items() if name.endswith(".class")}
    runnable = sorted(name for name, code in classes.items() if b"\x04main" in code and _MAIN_METHOD in code)
    preferred = [name for name in ("Main", "Solution") if name in runnable]
    return (preferred or runnable or ["Main"])[0].replace("/", ".")


_C_FLAGS = ("-O2", "-pipe", "-lm", "-o", f"{OUT}/main")
# Statically, where the machine has the libraries for it: a C++ program then starts in less than half the time. In few
# segments: each is mapped, faulted in and taken down in every run. Before 2.34, glibc's threads do not work so.
# Warnings that some calls would need a shared library at run time are no matter.
_LINKED = (
    'static="-static -s -Wl,--gc-sections,-z,noseparate-code,-z,norelro"; for library in libc.a libm.a libstdc++.a; do '
    'case "$("$0" -print-file-name=$library)" in /*) ;; *) static= ;; esac; done; '
    'case "$(getconf GNU_LIBC_VERSION)" in "glibc 2."[0-9]|"glibc 2."[12][0-9]|"glibc 2.3"[0-3]) static= ;; esac; '
    'exec "$0" "$@" $static'
)
_JAVA_FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto", "-Xss64m")

# Types are not what is judged, and those of node may not be installed: only errors of syntax (TS1…) refuse a program.
_TYPESCRIPT = (
    f'"$0" --target es2022 --module commonjs --outDir {OUT} {BOX}/main.ts >/tmp/said || '
    "{ grep 'error TS1[0-9][0-9][0-9]:' /tmp/said >&2 && exit 1; } ; test -f " + f"{OUT}/main.js"
)

LANGUAGES: dict[str, Language] = {
    language.name: language
    for language in (
        Language("python", (), "main.py", bounded=True, aliases=("python3", "py", "cpython")),
        Language(
            "c",
            ("gcc",),
            "main.c",
            ("/bin/sh", "-c", _LINKED, "{gcc}", "-std=gnu17", f"{BOX}/main.c", *_C_FLAGS),
            (f"{BOX}/main",),
            bounded=True,
        ),
        Language(
            "cpp",
            ("g++",),
            "main.cpp",
            ("/bin/sh", "-c", _LINKED, "{g++}", "-std=gnu++20", f"{BOX}/main.cpp", *_C_FLAGS),
            (f"{BOX}/main",),
            bounded=True,
            aliases=("c++", "cxx", "cc", "g++"),
        ),
        Language(
            "java",
            ("javac", "java"),
            "Main.java",
            ("{javac}", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-J-XX:-UsePerfData", "-encoding", "UTF-8",
             "-d", OUT, f"{BOX}/{{file}}"),
            ("{java}", *_JAVA_FLAGS, "-Xmx{memory}m", "-cp", BOX, "{main}"),
            factor=2.0,
            processes=64,
            memory_mb=384,
            rename=_java_file,
            main=_java_main,
        ),
        Language(
            "javascript",
            ("node",),
            "main.js",
            run=("{node}", "--max-old-space-size={memory}", "--stack-size=8000", f"{BOX}/main.js"),
            factor=1.5,
            processes=32,
            memory_mb=256,
            aliases=("js", "node", "nodejs"),
        ),
        Language(
            "typescript",
            ("node", "tsc"),
            "main.ts",
            ("/bin/sh", "-c", _TYPESCRIPT, "{tsc}"),
            ("{node}", "--max-old-space-size={memory}", "--stack-size=8000", f"{BOX}/main.js"),
            factor=1.5,
            processes=32,
            memory_mb=256,
            aliases=("ts",),
        ),
        Language(
            "go",
            ("go",),
            "main.go",
            ("{go}", "build", "-o", f"{OUT}/main", f"{BOX}/main.go"),
            (f"{BOX}/main",),
            factor=1.0,
            processes=64,
            memory_mb=64,
            aliases=("golang",),
        ),
        Language(
            "rust",
            ("rustc", "cc"),
            "main.rs",
            ("{rustc}", "--edition", "2021", "-O", "-o", f"{OUT}/main", f"{BOX}/main.rs"),
            (f"{BOX}/main",),
            bounded=True,
            aliases=("rs",),
        ),
        Language("bash", ("bash",), "main.sh", run=("{bash}", f"{BOX}/main.sh"), bounded=True, aliases=("sh", "shell")),
    )
}  # fmt: skip
_BY_ALIAS = {alias: language for language in LANGUAGES.values() for alias in (language.name, *language.aliases)}


def find(name: str) -> Language:
    """The language of a name or alias, installed or not. Raises UnknownLanguage."""
    language = _BY_ALIAS.get(name.strip().lower())
    if language is None:
        raise UnknownLanguage(f"no language {name!r}; there are {', '.join(LANGUAGES)}")
    return language


@functools.cache
def tool(name: str) -> Path | None:
    """Where a tool really is: behind links and version managers' shims."""
    found = shutil.which(name)
    if found is None:
        return None
    path = Path(found)
    if name == "rustc":
        return _rustc(path)
    return path if path.is_relative_to("/usr") else path.resolve()


def _rustc(path: Path) -> Path | None:
    """rustup's rustc is a shim that reads its user's home, which no jail shows: take the real one."""
    try:
        found = subprocess.run(
            [path, "--print", "sysroot"], capture_output=True, timeout=PROBE_S, check=True, text=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    real = Path(found.stdout.strip()) / "bin/rustc"
    return real if os.access(real, os.X_OK) else None


def missing(language: Language, where: Callable[[str], object | None] = tool) -> list[str]:
    """Tools of a language that are not installed. `where`: tells a tool's place, as `tool` does of this machine."""
    return [name for name in language.tools if where(name) is None]


def available() -> dict[str, str | None]:
    """Each language's name -> None where it works here, else what is missing."""
    return {name: ", ".join(missing(language)) or None for name, language in LANGUAGES.items()}


def toolchains() -> list[Path]:
    """Directories outside /usr that installed tools need."""
    paths = {path for language in LANGUAGES.values() for name in language.tools if (path := tool(name)) is not None}
    return sorted({path.parent.parent for path in paths if not path.is_relative_to("/usr")})


def filled(command: tuple[str, ...], **values: str) -> tuple[str, ...]:
    """A command with values filled in."""
    for name, value in values.items():
        command = tuple(part.replace(f"{{{name}}}", value) for part in command)
    return command


def with_tools(language: Language, command: tuple[str, ...], where: Callable[[str], object | None]) -> tuple[str, ...]:
    """A command of a language with the places of its tools filled in."""
    return filled(command, **{name: str(where(name)) for name in language.tools})
