"""How much of the service one key uses at a time, and how fast."""

import time

from app.api.auth.keys import ApiKey

_BURST_S = 2.0


class Use:
    """One key's use of this process: a token bucket for its rate, a count for its concurrency."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.running = 0
        self._rate = key.requests_per_s
        self._most = float(key.burst or max(1.0, (key.requests_per_s or 0.0) * _BURST_S))
        self._tokens = self._most
        self._at = time.monotonic()

    def wait_s(self) -> float:
        """Take a token, 0.0; or how long until there is one."""
        if self._rate is None:
            return 0.0
        now = time.monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate

    @property
    def busy(self) -> bool:
        """As many requests run as may."""
        return self.key.concurrency is not None and self.running >= self.key.concurrency
