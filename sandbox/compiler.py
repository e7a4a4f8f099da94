"""Compiles a program once, in a jail of its own, and remembers what came out by its content."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from sandbox.errors import UnknownLanguage
from sandbox.execution import Execution
from sandbox.languages import OUT, Language, filled, missing, with_tools
from sandbox.limits import Limits
from sandbox.pool import Pool
from sandbox.program import Ready, compiled, interpreted

CACHE_BYTES = 256 << 20
"""Of compiled programs held in memory; a program of C or C++ is about 1 MB, one of Go or Rust some."""
ARTIFACT_BYTES = 64 << 20
"""Of one compiled program."""
ENTRY_BYTES = 4096
"""What an entry costs besides its files."""


_Key = tuple[str, str, float, int]
"""Language, code, and the compiler's limits."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The compiler's refusal."""

    execution: Execution


class Compiler:
    """Compiles and caches. Thread-safe: the same program asked for twice at once is compiled once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._cache: OrderedDict[_Key, Ready | Refused] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._busy: dict[_Key, threading.Lock] = {}

    def ready(self, language: Language, code: str, limits: Limits) -> Ready | Refused:
        """The program, ready to run. Raises UnknownLanguage, SandboxUnavailable, SandboxFault."""
        where = self._pool.backend.tool
        if lacking := missing(language, where):
            raise UnknownLanguage(f"{language.name}: {', '.join(lacking)} not installed here")
        if not language.compile:
            return interpreted(language, code, with_tools(language, language.run, where))
        key = (language.name, code, limits.compile_s, limits.compile_memory_mb)
        if known := self._cached(key):
            return known
        with self._lock:
            mine = self._busy.setdefault(key, threading.Lock())
        with mine:
            try:
                return self._cached(key) or self._store(key, self._compile(language, code, limits))
            finally:
                with self._lock:
                    self._busy.pop(key, None)

    def _cached(self, key: _Key) -> Ready | Refused | None:
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
            return self._cache.get(key)

    def _store(self, key: _Key, result: Ready | Refused) -> Ready | Refused:
        # A compiler that ran out of time may do better on a quieter machine.
        if isinstance(result, Refused) and result.execution.why == "wall":
            return result
        with self._lock:
            self._cache[key] = result
            self._bytes += _size(key, result)
            while self._bytes > CACHE_BYTES:
                self._bytes -= _size(*self._cache.popitem(last=False))
        return result

    def _compile(self, language: Language, code: str, limits: Limits) -> Ready | Refused:
        name = language.rename(code) if language.rename else language.source
        where = self._pool.backend.tool
        command = with_tools(language, filled(language.compile, file=name), where)
        caps = limits.for_compiler().caps(bounded=False)
        with self._pool.session() as session:
            session.files({name: code.encode("utf-8", "replace")})
            # The shell makes the directory: the harness itself writes nothing where programs can.
            shell = ["/bin/sh", "-c", f'mkdir {OUT} && exec "$0" "$@"', *command]
            execution = session.run("exec", caps, b"", argv=shell, native=True, keep=True)
            made = session.collect(ARTIFACT_BYTES) if execution.ok else {}
        if not made:
            return Refused(execution)
        return compiled(language, code, made, with_tools(language, language.run, where))


def _size(key: _Key, result: Ready | Refused) -> int:
    return ENTRY_BYTES + 4 * len(key[1]) + (sum(map(len, result.files.values())) if isinstance(result, Ready) else 0)
