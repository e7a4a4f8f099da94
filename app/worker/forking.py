"""The process that children are forked from. It stands alone: a command starts it before it imports anything slow."""

import multiprocessing
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running


def fork_server(preload: str = "app.worker.preload") -> ForkServerContext:
    """The fork server; it begins to import a module and all that children need with it now, unless it runs already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    ensure_running()
    return context
