"""Runs test code against a program that lives in another process, and tells the outcome of each of its units.

This process holds the tests and never a line of the program: nothing that the program does to its own interpreter
(patching, exiting, comparing equal to everything) reaches the comparisons that are made here.

Lines on descriptor 3: {"count": n}, then for each unit from `start` on {"k": number, "s": status, "d": detail} with
status AC, WA, RE or `dead` (the program ended); {"fault": text} where the test code itself can't be loaded.
"""

import ast
import builtins
import importlib.util
import json
import os
import sys
import time
import traceback
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.harness import pytest_shim, script
from sandbox.harness.edge import Failed, attempt
from sandbox.harness.remote import PLAIN_MODULES, Link
from sandbox.harness.rpc import Line

RESULTS, LINE, TESTS, PRELUDE, UNLOCK = 3, 4, 5, 6, 7
# fmt: off
PACKAGES = frozenset([
    "numpy", "pandas", "scipy", "sklearn", "torch", "tensorflow", "jax", "sympy", "networkx", "matplotlib",
    "seaborn", "PIL", "cv2", "requests", "httpx", "aiohttp", "bs4", "lxml", "yaml", "pydantic", "attr", "attrs",
    "flask", "django", "fastapi", "sqlalchemy", "hypothesis", "nose", "mock", "freezegun", "parameterized",
    "dateutil", "pytz", "numba", "nltk", "spacy", "regex", "tqdm",
])
# fmt: on
"""Packages that test code may need: where one is not installed, it is not the program under another name."""
DETAIL_CHARACTERS = 2000
TESTS_MODULE = "tests"


@dataclass(frozen=True)
class Unit:
    """One test: what is reported as one outcome."""

    name: str
    run: Callable[[], None]


def _say(line: dict[str, Any]) -> None:
    data = json.dumps(line).encode() + b"\n"
    while data:
        data = data[os.write(RESULTS, data) :]


def _used_names(code: str) -> set[str]:
    """Names that test code reads, less those that it defines at its top."""
    tree = ast.parse(code)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    own: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, ast.Assign):
            own |= {item.id for target in node.targets for item in ast.walk(target) if isinstance(item, ast.Name)}
    return read - own


def _absent_modules(code: str) -> dict[str, set[str]]:
    """Modules that test code imports and no one has: the program under some file name. With the names taken."""
    absent: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level and _unknown(node.module):
            absent.setdefault(node.module, set()).update(alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _unknown(alias.name):
                    absent.setdefault(alias.name, set())
    return absent


def _unknown(module: str) -> bool:
    top = module.partition(".")[0]
    if top in ("pytest", "sandbox"):
        return top == "sandbox"
    return top not in PACKAGES and top not in sys.stdlib_module_names and importlib.util.find_spec(top) is None


class ProgramModule(types.ModuleType):
    """The program under the name by which test code imports it."""

    def __init__(self, name: str, lookup: Callable[[str], Any]) -> None:
        super().__init__(name)
        self.__dict__["_lookup"] = lookup
        self.__dict__["__path__"] = []

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return self.__dict__["_lookup"](name)


class Bench:
    """A namespace in which test code runs, the program's names in it being stand-ins."""

    def __init__(self, link: Link, prelude: str, entry: str) -> None:
        self._link = link
        self.entry = entry
        self.module = types.ModuleType(TESTS_MODULE)
        self.names = self.module.__dict__
        sys.modules[TESTS_MODULE] = self.module
        if prelude:
            # What the task itself defines besides the function in question: not the program's to redefine.
            exec(compile(prelude, "prompt.py", "exec", dont_inherit=True), self.names)
            self.names.pop(entry, None)

    def _lookup(self, name: str) -> Any:
        self._link.asked = True
        found = self._link.names([name])
        if name not in found:
            raise AttributeError(f"the program defines no {name!r}", name=name)
        return found[name]

    def bind(self, code: str) -> None:
        """Make the names that code reads stand for the program's."""
        wanted = _used_names(code) | ({self.entry} if self.entry else set[str]())
        wanted -= set(dir(builtins)) | set(self.names)
        for name in wanted & PLAIN_MODULES:
            self.names[name] = importlib.import_module(name)
        for module, taken in _absent_modules(code).items():
            made = ProgramModule(module, self._lookup)
            made.__dict__.update(self._link.names(sorted(taken - {"*"})))
            sys.modules[module] = made
        self.names.update(self._link.names(sorted(wanted - PLAIN_MODULES)))
        if self.entry in self.names:
            self.names.setdefault("candidate", self.names[self.entry])

    def execute(self, code: str, name: str) -> None:
        exec(compile(code, name, "exec", dont_inherit=True), self.names)


def _blocks(bench: Bench, codes: Sequence[str]) -> list[Unit]:
    def unit(at: int, code: str) -> Unit:
        def run() -> None:
            bench.execute(code, f"test-{at}.py")
            if _defines_check(code) and bench.entry:
                bench.names["check"](bench.names[bench.entry])

        return Unit(f"test {at}", run)

    return [unit(at, code) for at, code in enumerate(codes)]


def _defines_check(code: str) -> bool:
    """Whether code defines `check(candidate)` at its top and leaves the calling to the judge."""
    defined, called = False, False
    for node in ast.parse(code).body:
        defined = defined or (isinstance(node, ast.FunctionDef) and node.name == "check")
        called = called or (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == "check"
        )
    return defined and not called


def _unittest(bench: Bench) -> list[Unit]:
    import unittest

    def unit(test: unittest.TestCase) -> Unit:
        def run() -> None:
            result = unittest.TestResult()
            unittest.TestSuite([test]).run(result)  # with the fixtures of its class and module
            if result.skipped:
                raise pytest_shim.Skip(result.skipped[0][1])
            if result.failures:
                raise AssertionError(result.failures[0][1])
            if result.errors or result.unexpectedSuccesses:
                raise RuntimeError(result.errors[0][1] if result.errors else "unexpected success")

        return Unit(test.id(), run)

    tests: list[Unit] = []

    def walk(suite: Any) -> None:
        for item in suite:
            if isinstance(item, unittest.TestCase):
                tests.append(unit(item))
            else:
                walk(item)

    walk(unittest.defaultTestLoader.loadTestsFromModule(bench.module))
    return tests


def collect(bench: Bench, kind: str, codes: Sequence[str]) -> list[Unit]:
    """The units of test code. Raises what the code raises, and SyntaxError."""
    if kind == "pytest":
        pytest_shim.install()
    for code in codes:
        bench.bind(code)
    if kind == "asserts":
        return _blocks(bench, codes)
    for code in codes:
        bench.execute(code, "tests.py")
    units = _unittest(bench)
    if kind == "pytest":
        units += [Unit(name, run) for name, run in pytest_shim.collect(bench.names)]
    return units


def _outcome(unit: Unit, link: Link) -> dict[str, Any]:
    link.forget()
    started = time.perf_counter()
    ended = attempt(unit.run)
    ms = round((time.perf_counter() - started) * 1000, 3)
    status, detail = "AC", ""
    if isinstance(ended, Failed):
        own = isinstance(ended.error, AssertionError) and not link.came(ended.error)
        status, detail = "WA" if own else "RE", _detail(ended.error)
        if isinstance(ended.error, pytest_shim.Skip) and not link.asked:
            # The test code's own decision. After it looked at the program, skipping is one more way to fail.
            status = "AC"
    if link.line.dead:
        status = "dead"
    return {"s": status, "d": detail[-DETAIL_CHARACTERS:], "ms": ms}


def _program_did(error: BaseException, link: Link) -> bool:
    """Whether test code could not be loaded for what the program is or did, rather than for its own sake."""
    if link.line.dead or link.came(error) or link.asked:
        return True
    if isinstance(error, ImportError):
        return isinstance(sys.modules.get(error.name or ""), ProgramModule)
    return isinstance(error, (NameError, AttributeError)) and error.name in link.absent


def _detail(error: BaseException) -> str:
    lines = traceback.format_exception_only(type(error), error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename[0] != "/"]
    where = f" (line {frames[-1].lineno} of {frames[-1].filename})" if frames else ""
    return "".join(lines).strip() + where


def run(kind: str, entry: str, start: int, search: list[str]) -> None:
    """Run the units from number `start` on and end the process."""
    codes: list[str] = json.loads(script.taken(TESTS))
    prelude = script.taken(PRELUDE).decode()
    os.close(UNLOCK)
    script.settle(search)
    link = Link(Line(LINE))
    attempt(lambda: _serve(link, kind, codes, prelude, entry, start))
    script.finish(0)


def _serve(link: Link, kind: str, codes: list[str], prelude: str, entry: str, start: int) -> None:
    loaded = attempt(link.ready)
    if isinstance(loaded, Failed):
        _say({"unloaded": _detail(loaded.error)})
        return
    units = attempt(lambda: collect(Bench(link, prelude, entry), kind, codes))
    if isinstance(units, Failed):
        _say({"fault": _detail(units.error), "program": _program_did(units.error, link)})
        return
    if not units and link.asked:
        _say({"fault": "the program leaves the test code without a test", "program": True})
        return
    _say({"count": len(units)})
    for number, unit in enumerate(units[start:], start):
        outcome = _outcome(unit, link)
        attempt(sys.stdout.flush)
        _say({"k": number, **outcome})
        if outcome["s"] == "dead":
            return
