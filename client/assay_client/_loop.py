"""One event loop on a thread of its own, for all clients of a process: whoever calls, threads, tasks of any loop, a
notebook's cell, the network work is done in one place. A forked child has no such thread and starts its own.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

T = TypeVar("T")
_STOP_S = 2.0
"""Wait for the loop at the process's end; it is a daemon's thread, so that nothing hangs on it."""


class Closable(Protocol):
    """What must be closed on the loop before it ends."""

    def aclose(self) -> Coroutine[Any, Any, None]: ...


class LoopThread:
    """An event loop that runs until the process ends."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.open: WeakSet[Closable] = WeakSet()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="assay-client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work from any other thread. Raises RuntimeError on the loop's own."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("a blocking call of assay_client inside one of its own callbacks would wait for itself")
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close_later(self, one: Closable) -> None:
        """Close something on the loop, from any thread, without waiting; a forked child leaves it to its parent."""
        if self.pid == os.getpid() and self._thread.is_alive():
            self.loop.call_soon_threadsafe(lambda: self.loop.create_task(one.aclose()))

    def stop(self) -> None:
        """End all that is under way, and the loop."""
        if self.loop.is_closed() or self.pid != os.getpid():
            return
        asyncio.run_coroutine_threadsafe(_end_all(self.open), self.loop).add_done_callback(
            lambda _: self.loop.call_soon_threadsafe(self.loop.stop)
        )
        self._thread.join(_STOP_S)
        if not self._thread.is_alive():
            self.loop.close()


async def _end_all(still_open: WeakSet[Closable]) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, *(one.aclose() for one in still_open), return_exceptions=True)


_lock = threading.RLock()
_thread: LoopThread | None = None


def lock() -> threading.RLock:
    """Held by who makes something that a process needs once."""
    return _lock


def loop_thread() -> LoopThread:
    """This process's loop, started at first use."""
    global _thread
    if _thread is None or _thread.pid != os.getpid():
        with _lock:
            if _thread is None or _thread.pid != os.getpid():
                _thread = LoopThread()
                atexit.register(_thread.stop)
    return _thread


def _renew_lock() -> None:
    """In a forked child: another thread of the parent may have held the lock, and will never release it here."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
