"""Jobs: what is to be run and tested, read from the JSON shapes of datasets and of `assay code`."""

import ast
import base64
import gzip
import json
import pickle
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.compare import Comparison, read_comparison
from sandbox.errors import BadJob
from sandbox.limits import Limits, read_limits

MODES = ("stdio", "function", "asserts", "unittest", "pytest", "checker", "fill")
MOST_TESTS = 10_000
SOURCE_BYTES = 8 << 20
UNPACKED_BYTES = 256 << 20
"""Of a test set that came compressed."""
POLICY_STOP = "first_failure"


@dataclass(frozen=True, slots=True)
class IoTest:
    """Input and expected output of a whole program."""

    input: str
    output: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class CallTest:
    """Arguments and expected result of a call."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    expected: Any
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """One program and its tests. Which of the test fields holds them depends on the mode."""

    language: str
    mode: str
    code: str
    entry_point: str = ""
    io: tuple[IoTest, ...] = ()
    calls: tuple[CallTest, ...] = ()
    blocks: tuple[str, ...] = ()
    """Test code: one assert or more each (asserts, fill), or whole modules (unittest, pytest)."""
    prelude: str = ""
    """Code of the task itself that tests may use: for `fill`, the prompt."""
    checker: str = ""
    """Program that decides (checker): Python, given files input, output and answer as arguments."""
    checker_language: str = "python"
    limits: Limits = field(default_factory=Limits)
    comparison: Comparison = field(default_factory=Comparison)
    stop_early: bool = False
    """Stop at the first failing test."""


def _text(given: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise BadJob(f"{name}: must be a string")
    if len(value) > SOURCE_BYTES:
        raise BadJob(f"{name}: longer than {SOURCE_BYTES} characters")
    # Half characters (lone surrogates) can't be written to a file; no compiler takes them either.
    return value.encode("utf-8", "replace").decode()


def read_job(given: Any) -> Job:
    """A job from its JSON object. Raises BadJob naming the field that can't be read."""
    if not isinstance(given, Mapping):
        raise BadJob("a job must be an object")
    job: Mapping[str, Any] = given  # pyright: ignore[reportUnknownVariableType]
    tests = unpacked(job.get("tests"))
    mode = job.get("mode") or _mode_of(tests)
    if mode not in MODES:
        raise BadJob(f"mode: must be one of {', '.join(MODES)}")
    base = Job(
        language=_text(job, "language", required=False) or "python",
        mode=mode,
        code=_text(job, "code"),
        entry_point=_text(job, "entry_point", required=False),
        limits=read_limits(job.get("limits")),
        comparison=read_comparison(job.get("compare"), job.get("tolerance")),
        stop_early=job.get("policy") == POLICY_STOP,
    )
    if mode == "fill":
        prompt = _text(job, "prompt", required=False)
        base = replace(base, code=filled(prompt, base.code), prelude=prompt)
    if mode in ("stdio", "checker"):
        checker = _text(job, "checker", required=mode == "checker")
        checker_language = _text(job, "checker_language", required=False) or "python"
        return replace(base, io=_io_tests(tests), checker=checker, checker_language=checker_language)
    if mode == "function":
        name = base.entry_point or (tests.get("fn_name") if isinstance(tests, Mapping) else "") or ""  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(name, str) or not name:
            raise BadJob("entry_point: function mode needs the name to call")
        return replace(base, entry_point=name, calls=_call_tests(tests))
    setup = _text(job, "setup", required=False)
    return replace(base, blocks=_blocks(tests), prelude=base.prelude or setup)


def filled(prompt: str, completion: str) -> str:
    """Prompt and completion as one program; a completion that repeats the function stands after the prompt."""
    if not prompt or completion.startswith(prompt):
        return completion
    first = next((line for line in completion.splitlines() if line.strip()), "")
    separator = "\n" if first[:1] not in (" ", "\t") and not prompt.endswith("\n") else ""
    return prompt + separator + completion


def _mode_of(tests: Any) -> str:
    """The mode of tests in a dataset's shape that does not say."""
    if isinstance(tests, Mapping) and "inputs" in tests:
        return "function" if tests.get("fn_name") else "stdio"  # pyright: ignore[reportUnknownMemberType]
    if isinstance(tests, list) and tests and isinstance(tests[0], Mapping) and "testtype" in tests[0]:
        return "function" if tests[0]["testtype"] == "functional" else "stdio"
    raise BadJob(f"mode: must be one of {', '.join(MODES)}")


class _Text(pickle.Unpickler):
    """LiveCodeBench packs its hidden tests as a pickled string: only that is read, never an object."""

    def find_class(self, module: str, name: str, /) -> Any:
        raise BadJob(f"tests: a packed object of {module}.{name}")


def unpacked(tests: Any) -> Any:
    """Tests as data, if they came as JSON text, or compressed and base64 as the hidden tests of LiveCodeBench."""
    if not isinstance(tests, str):
        return tests
    if tests.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(tests)
        except ValueError:
            return tests
    try:
        raw = base64.b64decode(tests, validate=True)
        data = _decompressed(raw)
    except (ValueError, zlib.error, OSError, EOFError):
        return tests
    try:
        text: Any = data.decode() if data[:1] in (b"[", b"{") else _Text(_stream(data)).load()
        return json.loads(text) if isinstance(text, str) else tests
    except (ValueError, pickle.UnpicklingError, EOFError, IndexError, KeyError, TypeError, AttributeError) as cause:
        raise BadJob(f"tests: packed tests can't be read: {cause}") from cause


def _stream(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


def _decompressed(raw: bytes) -> bytes:
    if raw[:2] == b"\x1f\x8b":
        with gzip.open(_stream(raw)) as file:
            data = file.read(UNPACKED_BYTES + 1)
    else:
        data = zlib.decompressobj().decompress(raw, UNPACKED_BYTES + 1)
    if len(data) > UNPACKED_BYTES:
        raise BadJob(f"tests: more than {UNPACKED_BYTES} bytes")
    return data


def _rows(tests: Any) -> list[Any]:
    if not isinstance(tests, list) or not tests:
        raise BadJob("tests: must be a list of at least one test")
    if len(tests) > MOST_TESTS:  # pyright: ignore[reportUnknownArgumentType]
        raise BadJob(f"tests: more than {MOST_TESTS}")
    return tests  # pyright: ignore[reportUnknownVariableType]


def _weight(row: Mapping[str, Any], at: int) -> float:
    weight = row.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < 1e9:
        raise BadJob(f"tests[{at}].weight: must be a number from 0")
    return float(weight)


def _joined(value: Any, at: int, name: str) -> str:
    """A text, or lines of it (APPS)."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):  # pyright: ignore[reportUnknownVariableType]
        return "\n".join(value)  # pyright: ignore[reportUnknownArgumentType]
    raise BadJob(f"tests[{at}].{name}: must be a string")


def _columns(tests: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    inputs, outputs = tests.get("inputs"), tests.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):  # pyright: ignore[reportUnknownArgumentType]
        raise BadJob("tests: inputs and outputs must be lists of the same length")
    return list(zip(_rows(inputs), outputs, strict=True))  # pyright: ignore[reportUnknownArgumentType]


def _io_tests(tests: Any) -> tuple[IoTest, ...]:
    if isinstance(tests, Mapping):
        pairs = _columns(tests)  # pyright: ignore[reportUnknownArgumentType]
        return tuple(IoTest(_joined(a, at, "input"), _joined(b, at, "output")) for at, (a, b) in enumerate(pairs))
    made: list[IoTest] = []
    for at, row in enumerate(_rows(tests)):
        if not isinstance(row, Mapping):
            raise BadJob(f"tests[{at}]: must be an object")
        fields: Mapping[str, Any] = row  # pyright: ignore[reportUnknownVariableType]
        output = fields.get("output", fields.get("answer", ""))
        made.append(
            IoTest(_joined(fields.get("input", ""), at, "input"), _joined(output, at, "output"), _weight(fields, at))
        )
    return tuple(made)


def literal(text: str) -> Any:
    """A value from JSON or a Python literal; text that is neither is itself."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return text


def _call_tests(tests: Any) -> tuple[CallTest, ...]:
    if isinstance(tests, Mapping):
        return tuple(_apps_call(a, b) for a, b in _columns(tests))  # pyright: ignore[reportUnknownArgumentType]
    made: list[CallTest] = []
    for at, row in enumerate(_rows(tests)):
        if not isinstance(row, Mapping):
            raise BadJob(f"tests[{at}]: must be an object")
        fields: Mapping[str, Any] = row  # pyright: ignore[reportUnknownVariableType]
        if "input" in fields and "args" not in fields:
            made.append(_apps_call(fields["input"], fields.get("output")))
            continue
        args, kwargs = _literal_field(fields.get("args", [])), _literal_field(fields.get("kwargs") or {})
        if not isinstance(args, (list, tuple)):
            raise BadJob(f"tests[{at}].args: must be a list")
        if not isinstance(kwargs, dict) or not all(isinstance(key, str) for key in kwargs):  # pyright: ignore[reportUnknownVariableType]
            raise BadJob(f"tests[{at}].kwargs: must be an object")
        if "expected" not in fields:
            raise BadJob(f"tests[{at}].expected: is missing")
        made.append(CallTest(tuple(args), kwargs, fields["expected"], _weight(fields, at)))  # pyright: ignore[reportUnknownArgumentType]
    return tuple(made)


def _literal_field(value: Any) -> Any:
    return literal(value) if isinstance(value, str) else value


def _apps_call(given: Any, expected: Any) -> CallTest:
    """APPS and TACO: lists of arguments and of results; LiveCodeBench: a line of text for each argument."""
    if isinstance(given, str):
        args = tuple(literal(line) for line in given.split("\n") if line.strip())
        return CallTest(args, {}, literal(expected) if isinstance(expected, str) else expected)
    if not isinstance(given, list):
        raise BadJob("tests: inputs of functions must be lists of arguments")
    if isinstance(expected, list) and len(expected) == 1:  # pyright: ignore[reportUnknownArgumentType]
        expected = OneOf((expected, expected[0]))  # pyright: ignore[reportUnknownArgumentType]
    return CallTest(tuple(given), {}, expected)  # pyright: ignore[reportUnknownArgumentType]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of these is right: APPS wraps some results in a list and others not, without saying which."""

    values: tuple[Any, ...]


def _blocks(tests: Any) -> tuple[str, ...]:
    rows: list[Any] = [tests] if isinstance(tests, str) else _rows(tests)
    if not all(isinstance(row, str) and row.strip() for row in rows):
        raise BadJob("tests: must be test code, a string or a list of strings, none empty")
    return tuple(rows)
