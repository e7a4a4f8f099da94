"""The fork server of offline work, on its own: a command starts it before it imports anything slow."""

from multiprocessing.context import ForkServerContext

from app.worker.forking import fork_server


def offline_fork_server() -> ForkServerContext:
    """The process that children are forked from; it begins to import what they need, unless it runs already."""
    return fork_server("app.offline.engines.preload")
