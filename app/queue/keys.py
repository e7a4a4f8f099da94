"""The keys on Redis: what each holds, who writes it, who deletes it.

| key | type | holds | written by | deleted by |
|---|---|---|---|---|
| `NS:queue:LANE:PRIORITY` | stream | micro-batches (`codec.Envelope`) | API | worker, each entry when answered |
| `NS:reply:NODE` | stream | results for one API process | worker | that API process as it reads; expires |
| `NS:workers` | set | ids of workers | worker | worker as it ends; whoever finds it stale |
| `NS:worker:ID` | string | JSON about a live worker | worker, every second | expires |
| `NS:dead` | stream | micro-batches given up, with the reason | worker | trimmed to a length |

Commands are those of Redis 6.2.
"""

from dataclasses import dataclass

GROUP = "workers"
"""Consumer group of every queue."""
PRIORITIES = ("online", "offline")
DEAD_MAX = 10_000
"""Dead letters kept."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Names of all keys of one deployment."""

    namespace: str

    def queue(self, lane: str, priority: str) -> str:
        return f"{self.namespace}:queue:{lane}:{priority}"

    def reply(self, node: str) -> str:
        return f"{self.namespace}:reply:{node}"

    @property
    def workers(self) -> str:
        return f"{self.namespace}:workers"

    def worker(self, worker: str) -> str:
        return f"{self.namespace}:worker:{worker}"

    @property
    def dead(self) -> str:
        return f"{self.namespace}:dead"
