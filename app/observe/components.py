"""Counts of every component of every item: plain numbers, handed to the metrics library in sums.

The library takes a lock, or writes to a shared file, for each number: at ten numbers an item that was an eighth of what
an item cost the API.
"""

from bisect import bisect_left
from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from app.status import Status

_AT_MOST = 4096
"""Observations held back, wherever they come from."""


class _Sums:
    """Observations of one histogram that it was not told yet."""

    __slots__ = ("_bounds", "_counts", "_histogram", "_sum")

    def __init__(self, histogram: Histogram, bounds: Sequence[float]) -> None:
        self._histogram = histogram
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def flush(self) -> None:
        # The library has no public way to add many observations at once; its own `observe` does just this with one.
        for number, count in enumerate(self._counts):
            if count:
                self._histogram._buckets[number].inc(count)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportAttributeAccessIssue]
                self._counts[number] = 0
        self._histogram._sum.inc(self._sum)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportAttributeAccessIssue]
        self._sum = 0.0


class ComponentMetrics:
    """The series of one component."""

    def __init__(
        self,
        component: str,
        seconds: tuple[Histogram, Sequence[float]],
        score: tuple[Histogram, Sequence[float]],
        statuses: Counter,
    ) -> None:
        self._seconds = _Sums(seconds[0].labels(component), seconds[1])
        self._score = _Sums(score[0].labels(component), score[1])
        self._series = {s: statuses.labels(component, s.value, s.fault.value) for s in Status}
        self._statuses = dict.fromkeys(Status, 0)
        self._held = 0

    def observe(self, score: float | None, status: Status, seconds: float) -> None:
        """Count one scored item."""
        self._seconds.observe(seconds)
        self._statuses[status] += 1
        if score is not None:
            self._score.observe(score)
        self._held += 1
        if self._held == _AT_MOST:
            self.flush()

    def flush(self) -> None:
        """Hand over what was counted."""
        if not self._held:
            return
        self._held = 0
        self._seconds.flush()
        self._score.flush()
        for status, count in self._statuses.items():
            if count:
                self._series[status].inc(count)
                self._statuses[status] = 0
