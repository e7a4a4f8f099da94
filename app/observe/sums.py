"""Plain numbers, handed to the metrics library in sums.

The library takes a lock, or writes to a shared file, for each number: at ten numbers an item that was an eighth of what
an item cost the API.
"""

from bisect import bisect_left
from collections.abc import Sequence

from prometheus_client import Counter, Histogram


class Counts:
    """Additions to any counters that the library was not told yet."""

    def __init__(self, *, at_once: bool) -> None:
        """`at_once`: hold nothing back, for a process that others speak for when it is killed."""
        self._at_once = at_once
        self._held: dict[Counter, float] = {}

    def add(self, counter: Counter, number: float = 1.0) -> None:
        if self._at_once:
            counter.inc(number)
            return
        self._held[counter] = self._held.get(counter, 0.0) + number

    def flush(self) -> None:
        held, self._held = self._held, {}
        for counter, number in held.items():
            counter.inc(number)


class Sums:
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
