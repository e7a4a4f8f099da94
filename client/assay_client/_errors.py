"""What can go wrong between client and service.

AssayError
├── Unreachable     no answer: the service is down, or did not answer in time
└── ServiceError    an answer of 4xx or 5xx
"""

from __future__ import annotations

from typing import Any


class AssayError(Exception):
    """Base of all errors of this package."""


class Unreachable(AssayError):
    """The service did not answer."""


class ServiceError(AssayError):
    """The service refused. `problem` is its RFC 9457 body."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem
