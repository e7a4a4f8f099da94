"""The API's socket and its server."""

import gc
import resource
import socket

import uvicorn

from app.api.app import Service
from app.settings import Settings

_KEEP_ALIVE_S = 75
"""Longer than the pools of common clients keep idle connections, so that the client closes first."""
_BACKLOG = 4096
_COLLECT_AFTER = 50_000
"""Objects made and not yet freed; they are small where there are so many: a few megabytes."""


def serve_app(service: Service, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what runs is finished within the grace period."""
    _allow_connections()
    _spare_collections()
    config = uvicorn.Config(
        service.app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # Nothing here asks who the client is or how it came.
        loop="uvloop",
        http=service.protocol,  # pyright: ignore[reportArgumentType]
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.grace_s),
    )
    uvicorn.Server(config).run(sockets=[listening(settings.host, settings.port, shared=settings.api_processes > 1)])


def _spare_collections() -> None:
    """Look for garbage cycles less often, and never in what was imported: a batch is thousands of objects, no cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def _allow_connections() -> None:
    """As many open files as this process may have: every connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listening(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A bound socket; `shared` with other processes that say so, among which the kernel divides the connections.

    Raises OSError where the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    bound.set_inheritable(True)
    return bound
