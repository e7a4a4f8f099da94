"""A limit on what a piece of code may allocate beyond what its process has."""

import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_MIB = 1 << 20
_PAGE = resource.getpagesize()
_STATM = Path("/proc/self/statm")


@contextmanager
def memory_limit(megabytes: int) -> Generator[None]:
    """Limit address space to what is in use and so much more; allocations past it are MemoryErrors."""
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = int(_STATM.read_text("ascii").split()[0]) * _PAGE + megabytes * _MIB
    known = [limit for limit in (before, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *known]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
