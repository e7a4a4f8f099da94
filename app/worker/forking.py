"""The process that children are forked from. It stands alone: a command starts it before it imports anything slow."""

import multiprocessing
import signal
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext


def fork_server(preload: str = "app.worker.preload") -> ForkServerContext:
    """The fork server; it begins to import a module and all that children need with it now, unless it runs already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    resource_tracker.ensure_running()  # else it were started below, and would let interrupts in again
    with _interrupts_held():
        forkserver.ensure_running()
    return context


@contextmanager
def _interrupts_held() -> Generator[None]:
    """A Ctrl-C reaches every process of the terminal: what is started here, and imports for a while, waits with it
    until it ignores it; this process gets its own a moment later."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
