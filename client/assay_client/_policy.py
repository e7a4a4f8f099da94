"""When to try again, and where: pure decisions over given times, shared by everything that sends."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

RETRIED = frozenset((429, 500, 502, 503, 504))
"""Answers after which the same request may well succeed; scoring is pure, so that asking twice does no harm."""
NODE_DOWN = frozenset((502, 503, 504))
"""Answers that say that this node, or what stands behind it, is out of order: others are asked first."""
_FIRST_S = 0.25
_LONGEST_S = 10.0
"""Past it a service that is back would be left waiting for its trainer."""
_EJECTED_S = 1.0
_LONGEST_EJECTED_S = 30.0


class Backoff:
    """Waits between attempts: doubling, jittered over the upper half, never past the deadline."""

    def __init__(self, deadline: float, rng: random.Random | None = None) -> None:
        self._deadline = deadline
        self._next = _FIRST_S
        self._rng = rng or random.Random()

    def delay(self, now: float, retry_after: float | None = None) -> float | None:
        """Seconds to wait before the next attempt; None if the deadline would have passed by then.

        The service's own word is honoured as a minimum, with jitter on top: its clients must not come back as one.
        """
        wait = self._next * self._rng.uniform(0.5, 1.0)
        self._next = min(_LONGEST_S, self._next * 2)
        if retry_after is not None:
            wait = retry_after + self._rng.uniform(0, max(_FIRST_S, retry_after / 4))
        return wait if now + wait < self._deadline else None


@dataclass
class Node:
    """One base URL: what it has to do, and whether it is trusted."""

    url: str
    in_flight: int = 0
    """Items sent and not answered."""
    ejected_until: float = 0.0
    failures: int = 0

    def succeeded(self) -> None:
        self.failures = 0
        self.ejected_until = 0.0

    def failed(self, now: float) -> None:
        """Leave it out for a while that doubles with each failure; then one request finds out."""
        self.ejected_until = now + min(_LONGEST_EJECTED_S, _EJECTED_S * 2**self.failures)
        self.failures = min(self.failures + 1, 16)


class Nodes:
    """Client-side balancing: the live node with the least to do; the one back soonest if none is live."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.all = [Node(url.rstrip("/")) for url in urls]

    def pick(self, now: float) -> Node:
        live = [node for node in self.all if node.ejected_until <= now]
        if live:
            return min(live, key=lambda node: node.in_flight)
        return min(self.all, key=lambda node: node.ejected_until)

    def live(self, now: float) -> int:
        return sum(node.ejected_until <= now for node in self.all)


def retry_after_s(header: str | None) -> float | None:
    """Seconds of a Retry-After header; its form as a date, which Assay never sends, counts as absent."""
    if header is None or not header.strip().isdecimal() or len(header) > 9:
        return None
    return float(header)
