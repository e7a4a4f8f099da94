"""Counts of every component of every item."""

from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from app.observe.sums import Sums
from app.status import Status

_AT_MOST = 1024
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
        self._statuses = [(s, statuses.labels(component, s.value, s.fault.value)) for s in Status]
        self._held: list[tuple[float | None, Status, float]] = []

    def observe(self, score: float | None, status: Status, seconds: float) -> None:
        """Count one scored item."""
        self._held.append((score, status, seconds))
        if len(self._held) >= _AT_MOST:
            self.flush()

    def flush(self) -> None:
        """Hand over what was held back."""
        if not self._held:
            return
        scores, statuses, seconds = zip(*self._held, strict=True)
        self._held = []
        self._seconds.observe_all(seconds)
        self._score.observe_all([score for score in scores if score is not None])
        for status, series in self._statuses:
            if count := statuses.count(status):
                series.inc(count)
