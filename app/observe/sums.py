"""Plain numbers, handed to the metrics library in sums.

The library takes a lock, or writes to a shared file, for each number: at ten numbers an item that was an eighth of what
an item cost the API.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from prometheus_client import Counter, Histogram

_AT_MOST = 4096
"""Observations held back."""


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

    __slots__ = ("_bounds", "_held", "_histogram")

    def __init__(self, histogram: Histogram, bounds: Sequence[float]) -> None:
        self._histogram = histogram
        self._bounds = bounds
        self._held: list[float] = []

    def observe(self, value: float) -> None:
        self._held.append(value)
        if len(self._held) >= _AT_MOST:
            self.flush()

    def observe_all(self, values: Iterable[float]) -> None:
        self._held.extend(values)
        self.flush()

    def flush(self) -> None:
        """Sort them once: a look for the bucket of each would take four times as long."""
        # The library has no public way to add many observations at once; its own `observe` does just this with one.
        held, self._held = sorted(self._held), []
        low = 0
        for number, bound in enumerate((*self._bounds, float("inf"))):
            high = bisect_right(held, bound, low)
            if high > low:
                self._histogram._buckets[number].inc(high - low)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportAttributeAccessIssue]
            low = high
        self._histogram._sum.inc(sum(held))  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportAttributeAccessIssue]
