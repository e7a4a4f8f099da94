"""Counts of every component of every item."""

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import Counter, Histogram

from app.observe.sums import Sums
from app.status import Status


class Scored(Protocol):
    """What one component said of one item."""

    @property
    def score(self) -> float | None: ...
    @property
    def status(self) -> Status: ...
    @property
    def elapsed_ms(self) -> float: ...


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

    def count(self, scored: Sequence[Scored]) -> None:
        """Count what it said of some items."""
        self._seconds.observe_all([one.elapsed_ms / 1000 for one in scored])
        self._score.observe_all([one.score for one in scored if one.score is not None])
        statuses = [one.status for one in scored]
        for status, series in self._statuses:
            if number := statuses.count(status):
                series.inc(number)
