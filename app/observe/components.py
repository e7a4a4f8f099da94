"""Counts of every component of every item."""

from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from app.observe.sums import Sums
from app.status import Status

_AT_MOST = 4096
"""Observations held back, wherever they come from."""


class ComponentMetrics:
    """The series of one component."""

    def __init__(
        self,
        component: str,
        seconds: tuple[Histogram, Sequence[float]],
        score: tuple[Histogram, Sequence[float]],
        statuses: Counter,
    ) -> None:
        self._seconds = Sums(seconds[0].labels(component), seconds[1])
        self._score = Sums(score[0].labels(component), score[1])
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
