"""What can go wrong between client and service.

AssayError
├── Unreachable           no answer by the deadline: refused, dropped, timed out; tried again until then
├── ServiceError          an answer of 4xx or 5xx; `status`, `problem`
│   ├── InvalidRequest    400, 404, 405, 413, 415, 422: sending it again would not help
│   ├── Unauthorized      401, 403
│   └── Unavailable       429, 502, 503, 504, 500: tried again until the deadline
├── ProtocolError         an answer that is not Assay's: a proxy's page, a stream that breaks off
├── JobFailed             a job that ended without results: failed, cancelled, expired
└── Abstained             items without a reward where the caller asked for an error; `results`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay_client._models import Result

_SHOWN = 3
"""Abstained items named in a message; a batch of thousands can abstain as a whole."""


class AssayError(Exception):
    """Base of all errors of this package."""


class Unreachable(AssayError):
    """The service did not answer by the deadline."""


class ServiceError(AssayError):
    """The service refused. `problem` is its RFC 9457 body."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem)
        self.status = status
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.status} {self.problem.get('title', '')}: {self.problem.get('detail', '')}"


class InvalidRequest(ServiceError):
    """The request itself is at fault; `problem["errors"]` names the fields."""


class Unauthorized(ServiceError):
    """No API key, an unknown one, or one that may not do this."""


class Unavailable(ServiceError):
    """Overloaded or out of order, until the deadline."""


class ProtocolError(AssayError):
    """The answer can't be read as Assay's."""


class JobFailed(AssayError):
    """A job ended without results. `state` is the job's last state."""

    def __init__(self, job: str, state: str, detail: str = "") -> None:
        super().__init__(job, state, detail)
        self.job = job
        self.state = state
        self.detail = detail

    def __str__(self) -> str:
        return f"job {self.job} {self.state}{': ' if self.detail else ''}{self.detail}"


class Abstained(AssayError):
    """Items have no reward, and the caller wanted an error rather than a value for them."""

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__(results)
        self.results = results

    def __str__(self) -> str:
        reasons = [
            f"{result.id}: {result.error.kind}: {result.error.detail}"
            for result in self.results[:_SHOWN]
            if result.error
        ]
        more = f" (and {len(self.results) - _SHOWN} more)" if len(self.results) > _SHOWN else ""
        return f"{len(self.results)} items abstained: {'; '.join(reasons)}{more}"


def service_error(status: int, problem: Mapping[str, Any]) -> ServiceError:
    """The error for an answer of 4xx or 5xx."""
    if status in (401, 403):
        return Unauthorized(status, problem)
    if status == 429 or status >= 500:
        return Unavailable(status, problem)
    return InvalidRequest(status, problem)
