"""One killable child as its parent sees it: given micro-batches, watched, killed, replaced."""

import asyncio
import mmap
import os
import signal
import socket
import time
from contextlib import suppress
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import NamedTuple

import structlog

from app.queue import codec
from app.queue.codec import ComponentScore, Entry, WorkBatch
from app.queue.spool import Filed, Gone, load
from app.rewards.base import CODE_LANE
from app.settings import Settings
from app.status import Status
from app.worker import child, frames
from app.worker.frames import Kind, OnScores, Pipe
from app.worker.progress import Point, Progress

_log = structlog.get_logger(__name__)
_MIB = 1 << 20
_UNEXPLAINED_DEATHS = 2
"""Deaths of a child at a micro-batch, before any item of it, after which the micro-batch is given up."""
_DEATHS_OF_A_POINT = 3
"""Deaths of a child at one component of one item after which that is blamed: a child may also be killed from outside
(by the kernel for memory that a neighbour used, by an operator), and then the item deserves its score."""
_LOOK_AT_RSS = 16
"""Micro-batches between two looks at a child's memory."""
_START_TRIES = 10
_START_PAUSE_S = 0.1
_MOSTLY_CPU = 0.8
"""Share of the wall time spent on the CPU above which a time-out is the item's own doing."""


class Budget(NamedTuple):
    """What a child may use."""

    cpu_s: float
    wall_s: float
    memory_bytes: int | None
    """Address space; None: as much as there is."""
    max_items: int
    rss_bytes: int = 512 * _MIB
    """Resident memory past which a child is replaced between two micro-batches."""

    @classmethod
    def of(cls, settings: Settings, lane: str) -> "Budget":
        """What the settings give a child of a lane."""
        s, rss = settings, settings.child_rss_mb * _MIB
        if lane == CODE_LANE:  # Programs are limited by the sandbox; they would inherit the child's limits.
            return cls(s.code_wall_s, s.code_wall_s, None, s.child_max_items, rss)
        return cls(s.item_cpu_s, s.item_wall_s, s.child_memory_mb * _MIB, s.child_max_items, rss)


class Slot:
    """Runs micro-batches one at a time; survives whatever they do to the child."""

    def __init__(self, context: ForkServerContext, budget: Budget, log_level: str, core: int | None = None) -> None:
        """`core`: the one that its children are bound to."""
        self._context = context
        self._core = core
        self._budget = budget
        self._log_level = log_level
        self._progress = Progress.create()
        self._process: BaseProcess | None = None
        self._pipe: Pipe | None = None
        self._served = 0
        self._batches = 0
        self._seen = 0
        """When the item began that the child was last seen at."""
        self._cpu_then = 0.0
        """CPU time it had used by then."""
        self._killed_for: Status | None = None
        self.restarts = 0
        """Children that died of their work."""

    async def run(self, payload: bytes | Filed, items: int, give: OnScores) -> None:
        """Score a WorkBatch of so many items, or the one in a file. Gives scores as they come; every item gets one,
        whatever happens. Raises Gone where there is no such file.
        """
        unexplained = 0
        deaths: dict[tuple[int, int], int] = {}
        while True:
            received: list[bytes] = []
            if await self._attempt(payload, received, give):
                await self._count(items)
                return
            point, status = self._progress.read(), self._killed_for
            await self._buried()
            sent = codec.decode_batch(load(payload))
            rest = _without(sent, received)
            if point.started_ns and point.item < len(sent.entries) and point.component < len(sent.components):
                place = (sent.entries[point.item].index, point.component)
                deaths[place] = deaths.get(place, 0) + 1
                if status is not None or deaths[place] >= _DEATHS_OF_A_POINT:
                    rest = self._blame(rest, sent, point, status or Status.ERROR)
                else:
                    _log.warning("child_died", index=place[0], component=place[1], deaths=deaths[place])
            else:
                unexplained += 1
            if not rest.entries or unexplained > _UNEXPLAINED_DEATHS:
                _log.error("gave_up", items=len(rest.entries))
                detail = "the process died before it began"
                give(codec.encode(codec.same_for_all(rest, Status.ERROR, detail)), True)
                return
            payload = codec.encode(rest)

    async def call(self, call: bytearray, items: int) -> bytes | None:
        """Have the child do other work than a micro-batch, as `frames.pack_call` packs it; None if it died of it."""
        pipe = await self._connected()
        self._progress.idle()
        frame = await pipe.ask(memoryview(call))
        if frame is None:
            await self._buried()
            return None
        await self._count(items)
        return frame.payload

    async def _buried(self) -> None:
        """Clear away a child that died."""
        self._killed_for = None
        self.restarts += 1
        await self._stop()

    def _blame(self, batch: WorkBatch, sent: WorkBatch, point: Point, status: Status) -> WorkBatch:
        """The rest of the micro-batch, with the component that the child died in settled as `status`."""
        culprit = sent.entries[point.item]
        component = sent.components[point.component]
        cpu_s, wall_s = point.cpu_s or self._budget.cpu_s, point.wall_s or self._budget.wall_s
        details = {
            Status.CPU_EXCEEDED: f"{component.reward} used more than {cpu_s:g} s of CPU time",
            Status.TIMEOUT: f"{component.reward} took more than {wall_s:g} s",
            Status.ERROR: f"the process died in {component.reward}",
        }
        verdict = ComponentScore.of(
            None if status.abstains else 0.0,
            status,
            {"detail": details[status]},
            (time.monotonic_ns() - point.started_ns) // 1000,
        )
        _log.warning("item_blamed", request=culprit.request, reward=component.reward, status=status)
        known = {**culprit.known, component.index: verdict}
        settled = Entry(culprit.index, culprit.request, culprit.item, known)
        return batch.having([settled if entry.index == culprit.index else entry for entry in batch.entries])

    async def _attempt(self, payload: bytes | Filed, received: list[bytes], give: OnScores) -> bool:
        """Send the micro-batch, give the child's answers and note them as `received`; whether the last came: the child
        may die. Raises Gone.
        """

        def take(scores: bytes, last: bool) -> None:
            received.append(scores)
            give(scores, last)

        pipe = await self._connected()
        self._progress.idle()
        kind = Kind.FILE if isinstance(payload, Filed) else Kind.BATCH
        last = await pipe.ask(frames.pack(kind, bytes(payload)), take)
        if last is None:
            return False
        if last.kind is Kind.GONE:
            raise Gone(str(payload))
        return True

    async def _count(self, items: int) -> None:
        """Replace a child that has served long or grown large, before it becomes anyone's trouble."""
        self._served += items
        self._batches += 1
        if self._served >= self._budget.max_items or (
            self._batches % _LOOK_AT_RSS == 0
            and self._process is not None
            and self._process.pid is not None
            and _resident_bytes(self._process.pid) > self._budget.rss_bytes
        ):
            _log.info("child_recycled", items=self._served)
            await self._stop()

    def watch(self) -> None:
        """Kill the child if its present item is over budget. Called often by the worker.

        CPU time counts from the first look at an item, a moment after it began: an error in the item's favour.
        """
        process = self._process
        point = self._progress.read()
        if process is None or process.pid is None or point.started_ns == 0 or self._killed_for is not None:
            return
        used = _cpu_seconds(process.pid)
        if point.started_ns != self._seen:
            self._seen, self._cpu_then = point.started_ns, used
        wall = (time.monotonic_ns() - point.started_ns) / 1e9
        cpu = used - self._cpu_then
        most_wall = point.wall_s or self._budget.wall_s
        if cpu > (point.cpu_s or self._budget.cpu_s) or (wall > most_wall and cpu > _MOSTLY_CPU * wall):
            self._killed_for = Status.CPU_EXCEEDED
        elif wall > most_wall:
            self._killed_for = Status.TIMEOUT
        else:
            return
        _kill(process.pid)

    async def start(self) -> None:
        """Have a child ready."""
        await self._connected()

    async def close(self) -> None:
        await self._stop()
        self._progress.close()

    async def _connected(self) -> Pipe:
        if self._pipe is None:
            ours, self._process = await self._started()
            self._served = 0
            _, self._pipe = await asyncio.get_running_loop().create_connection(Pipe, sock=ours)
        return self._pipe

    async def _started(self) -> tuple[socket.socket, BaseProcess]:
        """A new child and our end of its socket. The fork server may be killed while it is asked: ask the next one."""
        tries = 0
        while True:
            ours, theirs = socket.socketpair()
            process = self._context.Process(
                target=child.main,
                args=(theirs, self._progress, self._budget.memory_bytes, self._log_level),
                daemon=True,
            )
            starting = asyncio.create_task(asyncio.to_thread(process.start))
            try:
                await asyncio.shield(starting)
                if self._core is not None and process.pid is not None:
                    os.sched_setaffinity(process.pid, {self._core})
                return ours, process
            except asyncio.CancelledError:
                ours.close()  # a child that comes all the same ends at once; else this process would wait for it
                await asyncio.wait([starting])
                raise
            except (OSError, EOFError) as error:
                ours.close()
                tries += 1
                _log.warning("child_not_started", error=repr(error), tries=tries)
                if tries == _START_TRIES:
                    raise
                await asyncio.sleep(_START_PAUSE_S)
            finally:
                theirs.close()

    async def _stop(self) -> None:
        """End the child for certain."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()


def _without(batch: WorkBatch, received: list[bytes]) -> WorkBatch:
    """The items of a micro-batch that have no scores yet."""
    done = {scores.index for payload in received for scores in codec.decode_scores(payload)}
    return batch.having([entry for entry in batch.entries if entry.index not in done])


def _kill(pid: int) -> None:
    """A child that died a moment ago needs no killing; until it is joined its number is not used again."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _resident_bytes(pid: int) -> int:
    """Memory a process has in use; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except (OSError, IndexError):
        return 0


def _cpu_seconds(pid: int) -> float:
    """CPU time a process has used, by its clock as `clock_getcpuclockid` names it; 0 if it is gone."""
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return 0.0
