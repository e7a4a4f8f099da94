"""The keys on Redis: what each holds, who writes it, who deletes it.

| key | type | holds | written by | deleted by |
|---|---|---|---|---|
| `NS:queue:LANE:PRIORITY` | stream | micro-batches (`codec.Envelope`) | API | worker, each entry when answered |
| `NS:reply:NODE` | stream | results for one API process | worker | that API process as it reads; expires |
| `NS:note:NODE` | string | nothing; that it is there tells that the server kept its data | API | expires |
| `NS:workers` | set | ids of workers | worker | worker as it ends; whoever finds it stale |
| `NS:worker:ID` | string | JSON about a live worker | worker, every second | expires |
| `NS:dead` | stream | micro-batches given up, with the reason | worker | trimmed to a length |
| `NS:jobs` | sorted set | ids of jobs by time of submission | API | API, when a job has expired |
| `NS:jobs:active` | sorted set | those that are not over | API | API |
| `NS:jobs:bytes` | hash | by job, bytes of its items that are not scored | API | API |
| `NS:jobs:once:OWNER:KEY` | string | job of an idempotency key | API | expires with the job |
| `NS:job:ID` | hash | `spec`, `plan` (`jobs.model`), how far it is | API | expires |
| `NS:job:ID:batches` | hash | micro-batches by number | API | API, each when answered |
| `NS:job:ID:labels`, `:samples` | hash | ids, groups and what group rewards need, by chunk | API | expires |
| `NS:job:ID:scores` | hash | component scores by chunk | API | expires |
| `NS:job:ID:flight` | hash | queue and entry of the micro-batches in it | API | API, each when answered |
| `NS:job:ID:replies` | stream | results as they come | worker | API as it reads; expires |
| `NS:job:ID:lease` | string | which API process keeps the job | API | expires |

Large payloads may lie in files, with only their places in the queue: see `spool`.

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

    def note(self, node: str) -> str:
        return f"{self.namespace}:note:{node}"

    @property
    def workers(self) -> str:
        return f"{self.namespace}:workers"

    def worker(self, worker: str) -> str:
        return f"{self.namespace}:worker:{worker}"

    @property
    def dead(self) -> str:
        return f"{self.namespace}:dead"

    @property
    def jobs(self) -> str:
        return f"{self.namespace}:jobs"

    @property
    def active_jobs(self) -> str:
        return f"{self.namespace}:jobs:active"

    @property
    def job_bytes(self) -> str:
        return f"{self.namespace}:jobs:bytes"

    def once(self, owner: str, key: str) -> str:
        return f"{self.namespace}:jobs:once:{owner}:{key}"

    def job(self, job: str, part: str = "") -> str:
        return f"{self.namespace}:job:{job}:{part}" if part else f"{self.namespace}:job:{job}"
