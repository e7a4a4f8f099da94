"""Ways to isolate a program, one file each. `BACKENDS` names them; a new one is a file and a line here."""

from sandbox.backends.base import Backend, Config
from sandbox.backends.docker import Docker
from sandbox.backends.gvisor import GVisor
from sandbox.backends.jail import Jail
from sandbox.backends.unsafe_subprocess import UnsafeSubprocess
from sandbox.errors import SandboxUnavailable

BACKENDS: dict[str, type[Backend]] = {backend.name: backend for backend in (Jail, Docker, GVisor, UnsafeSubprocess)}


def make(name: str, config: Config) -> Backend:
    """A backend by its name, not yet open. Raises SandboxUnavailable for a name that there is not."""
    backend = BACKENDS.get(name)
    if backend is None:
        raise SandboxUnavailable(f"no backend {name!r}; there are {', '.join(BACKENDS)}")
    return backend(config)
