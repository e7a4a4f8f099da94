"""Prometheus metrics of the API process. Workers report through it: scores carry their times and statuses."""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import nan

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.observe.components import ComponentMetrics, Scored
from app.observe.sums import Counts, Sums

_SEVERAL = "PROMETHEUS_MULTIPROC_DIR" in os.environ
"""Whether this is one of several API processes, whose counts are in files that all of them read."""
_FLUSH_S = 0.1
"""Counts of one of several processes are in the files that the others read so soon."""
_SERIES = 1024
"""Series that are found without asking the library, which takes a while to look at labels; no more names of rubrics and
components, which clients choose, get series of their own."""
_OTHER = "other"
_AT_MOST = 256
"""Items held back with all that they have, evidence too."""
_LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_COMPONENT_S = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 0.5, 1, 5, 30)
_SCORE = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


class Metrics:
    """All metrics of one API process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.requests = Counter("assay_requests_total", "Requests", ["route", "status"], registry=r)
        self.request_seconds = Histogram(
            "assay_request_seconds", "Request latency", ["route"], buckets=_LATENCY_S, registry=r
        )
        self.by_key = Counter("assay_key_requests_total", "Requests by API key", ["key", "outcome"], registry=r)
        self.key_items = Counter("assay_key_items_total", "Items answered by API key", ["key"], registry=r)
        self.items = Counter("assay_items_total", "Items answered", ["rubric", "outcome"], registry=r)
        self.component_seconds = Histogram(
            "assay_component_seconds", "Time in a reward, per item", ["component"], buckets=_COMPONENT_S, registry=r
        )
        self.component_score = Histogram(
            "assay_component_score", "Scores of a component", ["component"], buckets=_SCORE, registry=r
        )
        self.statuses = Counter(
            "assay_component_status_total", "Components by status", ["component", "status", "fault"], registry=r
        )
        self.reuse = Counter("assay_reuse_total", "Items by how they came by their scores", ["how"], registry=r)
        self.queue_wait = Histogram(
            "assay_queue_wait_seconds", "Longest queue wait of a request", buckets=_LATENCY_S, registry=r
        )
        self.in_flight = Gauge(
            "assay_requests_in_flight", "Requests being scored", registry=r, multiprocess_mode="livesum"
        )
        self.queue_batches = Gauge(
            "assay_queue_batches",
            "Micro-batches queued",
            ["lane", "priority"],
            registry=r,
            multiprocess_mode="mostrecent",
        )
        self.queue_age = Gauge(
            "assay_queue_age_seconds",
            "Age of the oldest micro-batch",
            ["lane", "priority"],
            registry=r,
            multiprocess_mode="mostrecent",
        )
        self.workers = Gauge("assay_workers_live", "Workers that live", registry=r, multiprocess_mode="mostrecent")
        self.queue_up = Gauge(
            "assay_queue_up", "1 if the queue's server answers", registry=r, multiprocess_mode="mostrecent"
        )

        self.inbound = Gauge("assay_inbound_bytes", "Bodies in memory", registry=r, multiprocess_mode="livesum")
        self.jobs = Counter("assay_jobs_total", "Jobs by what happened to them", ["event"], registry=r)
        self.jobs_kept = Gauge(
            "assay_jobs_kept", "Jobs that this process keeps going", registry=r, multiprocess_mode="livesum"
        )

        self._requests = lru_cache(_SERIES)(self.requests.labels)
        self._seconds: dict[str, Sums] = {}
        """By route, of which there are only those that the service has."""
        self._wait = Sums(self.queue_wait, _LATENCY_S)
        self._counts = Counts(at_once=_SEVERAL)
        self._items: dict[str, tuple[Counter, Counter]] = {}
        """Of each rubric: items scored, and abstained."""
        self._reuse = lru_cache(_SERIES)(self.reuse.labels)
        self._flushing: asyncio.TimerHandle | None = None
        self._queues: set[tuple[str, str]] = set()
        self._components: dict[str, ComponentMetrics] = {}
        self._scored: dict[tuple[str, ...], list[Mapping[str, Scored]]] = {}
        """Items that were not counted yet, by their components."""
        self._held = 0

    def scored(self, names: tuple[str, ...], items: Sequence[Mapping[str, Scored]]) -> None:
        """Count items with these components, by what each component said."""
        held = self._scored.get(names)
        if held is None:
            held = self._scored[names] = []
        held += items
        self._held += len(items)
        if self._held >= _AT_MOST:
            self._count_scored()

    def _count_scored(self) -> None:
        scored, self._scored, self._held = self._scored, {}, 0
        for names, items in scored.items():
            for name in names:
                self._component(name).count([item[name] for item in items])

    def _component(self, name: str) -> ComponentMetrics:
        name = _named(name, self._components)
        found = self._components.get(name)
        if found is None:
            found = self._components[name] = ComponentMetrics(
                name, (self.component_seconds, _COMPONENT_S), (self.component_score, _SCORE), self.statuses
            )
        return found

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._counts.add(self._requests(route, str(status)))
        found = self._seconds.get(route)
        if found is None:
            found = self._seconds[route] = Sums(self.request_seconds.labels(route), _LATENCY_S)
        found.observe(seconds)
        self._flush_soon()

    def answered(self, rubric: str, scored: int, abstained: int, queue_s: float | None = None) -> None:
        """Count the items of a request, and the longest wait in the queue of any, if that tells of the request."""
        answered, withheld = self._outcomes(rubric)
        self._counts.add(answered, scored)
        if abstained:
            self._counts.add(withheld, abstained)
        if queue_s is not None:
            self._wait.observe(queue_s)
        self._flush_soon()

    def _outcomes(self, rubric: str) -> tuple[Counter, Counter]:
        rubric = _named(rubric, self._items)
        found = self._items.get(rubric)
        if found is None:  # Both series are there from the first on, so that none begins with a jump.
            found = self._items[rubric] = self.items.labels(rubric, "scored"), self.items.labels(rubric, "abstained")
        return found

    def _flush_soon(self) -> None:
        if _SEVERAL and self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(_FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        self._counts.flush()
        self._count_scored()
        for held in (self._wait, *self._seconds.values()):
            held.flush()

    def reused(self, how: str, items: int) -> None:
        """Count items whose scores were `computed`, `cached`, or `joined`: those of an equal item under way."""
        self._counts.add(self._reuse(how), items)

    def queue(self, state: Iterable[tuple[str, str, int, float]], workers: int) -> None:
        """Set the gauges of the queue, as of now."""
        for lane, priority, batches, age in state:
            self._queues.add((lane, priority))
            self.queue_batches.labels(lane, priority).set(batches)
            self.queue_age.labels(lane, priority).set(age)
        self.workers.set(workers)
        self.queue_up.set(1)

    def queue_away(self) -> None:
        """The queue's server does not answer: depths are unknown, not 0."""
        if _SEVERAL:  # Files can't forget a series.
            for gauge in (self.queue_batches, self.queue_age):
                for lane, priority in self._queues:
                    gauge.labels(lane, priority).set(nan)
        else:
            self.queue_batches.clear()
            self.queue_age.clear()
        self.workers.set(0)
        self.queue_up.set(0)

    def expose(self) -> bytes:
        """Text exposition format."""
        self._flush()
        if not _SEVERAL:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)


def _named(name: str, known: Mapping[str, object]) -> str:
    """A name that a client chose, as long as there is room for series of its own."""
    return name if name in known or len(known) < _SERIES else _OTHER
