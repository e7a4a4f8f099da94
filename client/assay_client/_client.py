"""The clients: `Client` blocks, `AsyncClient` awaits; the work itself is the same and written once, in `_engine`.

Both may be shared between threads and event loops, used in a notebook's running loop, carried over a fork and pickled
(to a Ray actor, a DataLoader's worker): connections are made anew where they arrive.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from assay_client._config import DEFAULT_DEADLINE_S, configure
from assay_client._models import Item, Job, Result, Rubric, Scored

if TYPE_CHECKING:
    from concurrent.futures import Future

    from assay_client._engine import Engine

T = TypeVar("T")
_IN_FLIGHT = 8


class _Base:
    """What both clients are made of: a configuration that travels, and an engine that stays in its process."""

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        *,
        api_key: str | None = None,
        deadline_s: float = DEFAULT_DEADLINE_S,
        compress: bool | None = None,
        in_flight: int = _IN_FLIGHT,
        patience_s: float | None = None,
        verify: bool | str = True,
    ) -> None:
        """`url`: one or several base URLs (`ASSAY_URL`, else this machine). `api_key`: `ASSAY_API_KEY` if unset.

        `deadline_s`: time for a call, attempts included; the service is told what is left of it. `compress`: gzip
        for large bodies, by default those to other hosts. `in_flight`: requests to one node at once.
        `patience_s`: how long a service that is away or overloaded is waited for, by default until the deadline.
        """
        self._config = configure(url, api_key, compress, in_flight, patience_s, verify)
        self._deadline_s = deadline_s
        self._engine: tuple[int, Engine] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_config": self._config, "_deadline_s": self._deadline_s, "_engine": None}

    def _here(self) -> Engine:
        """The engine of this process: a forked child must not speak on its parent's connections."""
        if self._engine is None or self._engine[0] != os.getpid():
            from assay_client._loop import lock

            with lock():
                if self._engine is None or self._engine[0] != os.getpid():
                    self._engine = (os.getpid(), self._make())
        return self._engine[1]

    def _make(self) -> Engine:
        from assay_client._engine import Engine
        from assay_client._loop import loop_thread

        thread = loop_thread()
        engine = thread.submit(Engine.make(self._config)).result()
        thread.open.add(engine)
        # A client that is dropped without `close` leaves no connections behind.
        weakref.finalize(self, thread.close_later, engine).atexit = False
        return engine

    def _start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        from assay_client._loop import loop_thread

        return loop_thread().submit(work)

    def _by(self, deadline_s: float | None) -> float:
        return time.monotonic() + (self._deadline_s if deadline_s is None else deadline_s)

    def _close(self) -> Future[None] | None:
        """Close the connections of this process; a later call would open new ones."""
        engine, self._engine = self._engine, None
        return self._start(engine[1].aclose()) if engine is not None and engine[0] == os.getpid() else None


class Client(_Base):
    """Blocking client. Keeps connections; use it as a context manager or `close` it."""

    def score(
        self, items: Sequence[Item], rubric: Rubric = "r1", *, deadline_s: float | None = None, **options: Any
    ) -> Scored:
        """Score a batch. `options`: `priority`, `evidence`, `on_abstain`. Raises AssayError.

        Overloads, outages and lost connections are waited out until the deadline. An item that the service refuses
        (too long, misnamed fields) abstains with the error `invalid`; the others are scored.
        """
        return _wait(self._start(self._here().score(items, rubric, self._by(deadline_s), options)))

    def score_one(
        self, item: Item, rubric: Rubric = "r1", *, deadline_s: float | None = None, **options: Any
    ) -> Result:
        """Score one item, in one request with those that other threads and tasks of this process ask for meanwhile.

        For rubrics without rewards of whole groups: what else is in the request is chance. Raises AssayError.
        """
        return self._here().coalescer.score(item, rubric, self._by(deadline_s), options)

    def score_stream(
        self, items: Sequence[Item], rubric: Rubric = "r1", *, deadline_s: float | None = None, **options: Any
    ) -> Iterator[tuple[int, Result]]:
        """Results with their items' positions, each as soon as it is ready. Raises AssayError."""
        from queue import SimpleQueue

        ready: SimpleQueue[tuple[int, Result] | None] = SimpleQueue()
        engine, by = self._here(), self._by(deadline_s)
        work = self._start(engine.stream(items, rubric, by, options, lambda at, result: ready.put((at, result))))
        work.add_done_callback(lambda _: ready.put(None))
        try:
            while (one := ready.get()) is not None:
                yield one
            work.result()
        finally:
            work.cancel()

    def submit(
        self,
        items: Sequence[Item],
        rubric: Rubric = "r1",
        *,
        key: str | None = None,
        deadline_s: float | None = None,
        **options: Any,
    ) -> Job:
        """Submit a batch to be scored in the background, up to a million items; it survives restarts of the service.

        `key`: submitting again with the same one gives the same job; attempts of one call share one of their own.
        """
        return _wait(self._start(self._here().jobs.submit(items, rubric, self._by(deadline_s), options, key)))

    def wait(self, job: Job | str, *, deadline_s: float | None = None) -> Scored:
        """The results of a job once it is done. Raises JobFailed if it is cancelled or the deadline passes."""
        return _wait(self._start(self._here().jobs.wait(_id(job), self._by(deadline_s))))

    def job(self, job: Job | str, *, deadline_s: float | None = None) -> Job:
        """How far a job is."""
        return _wait(self._start(self._here().jobs.job(_id(job), self._by(deadline_s))))

    def cancel(self, job: Job | str, *, deadline_s: float | None = None) -> Job:
        """Cancel what of a job has not started."""
        return _wait(self._start(self._here().jobs.cancel(_id(job), self._by(deadline_s))))

    def close(self) -> None:
        closing = self._close()
        if closing is not None:
            closing.result()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncClient(_Base):
    """Awaiting client, for any event loop, several too; otherwise as Client."""

    async def score(
        self, items: Sequence[Item], rubric: Rubric = "r1", *, deadline_s: float | None = None, **options: Any
    ) -> Scored:
        """As Client.score."""
        return await _await(self._start(self._here().score(items, rubric, self._by(deadline_s), options)))

    async def score_one(
        self, item: Item, rubric: Rubric = "r1", *, deadline_s: float | None = None, **options: Any
    ) -> Result:
        """As Client.score_one."""
        return await self._here().coalescer.ascore(item, rubric, self._by(deadline_s), options)

    async def score_stream(
        self, items: Sequence[Item], rubric: Rubric = "r1", *, deadline_s: float | None = None, **options: Any
    ) -> AsyncIterator[tuple[int, Result]]:
        """As Client.score_stream."""
        import asyncio

        loop = asyncio.get_running_loop()
        ready: asyncio.Queue[tuple[int, Result] | None] = asyncio.Queue()

        def emit(one: tuple[int, Result] | None) -> None:
            loop.call_soon_threadsafe(ready.put_nowait, one)

        engine, by = self._here(), self._by(deadline_s)
        work = self._start(engine.stream(items, rubric, by, options, lambda at, result: emit((at, result))))
        work.add_done_callback(lambda _: emit(None))
        try:
            while (one := await ready.get()) is not None:
                yield one
            work.result()
        finally:
            work.cancel()

    async def submit(
        self,
        items: Sequence[Item],
        rubric: Rubric = "r1",
        *,
        key: str | None = None,
        deadline_s: float | None = None,
        **options: Any,
    ) -> Job:
        """As Client.submit."""
        return await _await(self._start(self._here().jobs.submit(items, rubric, self._by(deadline_s), options, key)))

    async def wait(self, job: Job | str, *, deadline_s: float | None = None) -> Scored:
        """As Client.wait."""
        return await _await(self._start(self._here().jobs.wait(_id(job), self._by(deadline_s))))

    async def job(self, job: Job | str, *, deadline_s: float | None = None) -> Job:
        """As Client.job."""
        return await _await(self._start(self._here().jobs.job(_id(job), self._by(deadline_s))))

    async def cancel(self, job: Job | str, *, deadline_s: float | None = None) -> Job:
        """As Client.cancel."""
        return await _await(self._start(self._here().jobs.cancel(_id(job), self._by(deadline_s))))

    async def aclose(self) -> None:
        closing = self._close()
        if closing is not None:
            await _await(closing)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()


def _wait(work: Future[T]) -> T:
    """The result; whoever interrupts the wait ends the work too."""
    try:
        return work.result()
    except BaseException:
        work.cancel()
        raise


async def _await(work: Future[T]) -> T:
    import asyncio

    return await asyncio.wrap_future(work)


def _id(job: Job | str) -> str:
    return job if isinstance(job, str) else job.id
