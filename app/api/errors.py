"""Errors as RFC 9457 problem+json, each naming the field at fault.

| status | type | when |
|---|---|---|
| 400 | `malformed` | the body is no JSON or msgpack |
| 401 | `unauthorized` | no API key, or an unknown one |
| 404 | `not-found` | no such path, rubric or job |
| 408 | `stalled` | the body stopped coming |
| 409 | `idempotency-conflict` | the idempotency key was used for another job |
| 413 | `too-large` | the body is over the limit |
| 415 | `unsupported-media-type` | neither JSON nor msgpack, or an unknown encoding |
| 422 | `invalid` | the body breaks the contract; `errors` lists the fields |
| 429 | `queue-full`, `busy`, `key-rate`, `key-busy` | come again after `Retry-After` |
| 503 | `queue-unavailable` | Redis can't be used, `detail` begins with why; come again after `Retry-After` |
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from app.api.disconnect import ClientGone
from app.queue.outage import QueueUnavailable, Reason
from app.queue.room import QueueFull
from app.rubric import BadRubric
from app.schemas import BRANCH

_MAX_ERRORS = 20
"""Field errors listed; a batch of thousands can be wrong thousandfold."""


CLIENT_GONE = 499
"""Nobody reads it; in the metrics it tells clients that gave up from those that were answered."""


class Problem(Exception):
    """An answer of 4xx or 5xx."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers

    def response(self, request: Request) -> Response:
        return Response(msgspec.json.encode(self.body(request)), self.status, self.headers, "application/problem+json")

    def body(self, request: Request) -> dict[str, Any]:
        """As RFC 9457 has it."""
        body: dict[str, Any] = {
            "type": f"urn:assay:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": request.url.path,
        }
        request_id = getattr(request.state, "request_id", None)
        if request_id is not None:
            body["request_id"] = request_id
        if self.errors:
            body["errors"] = self.errors
        return body


def malformed(detail: str) -> Problem:
    return Problem(400, "malformed", "The body can't be read", detail)


def too_large(limit: int, what: str = "the body") -> Problem:
    return Problem(413, "too-large", "The body is too large", f"{what}: at most {limit} bytes after decompression")


def invalid(error: ValidationError) -> Problem:
    """A body that breaks the contract."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return malformed(details[0]["msg"])
    return invalid_fields(details)


def invalid_fields(details: Sequence[ErrorDetails]) -> Problem:
    """Fields that break the contract, the first ones named."""
    errors = [{"path": field_path(_body_path(d)), "detail": d["msg"]} for d in details[:_MAX_ERRORS]]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    detail = f"{errors[0]['path']}: {errors[0]['detail']}{more}"
    return Problem(422, "invalid", "The body breaks the contract", detail, errors)


def bad_rubric(error: BadRubric) -> Problem:
    path = field_path(("rubric", *error.path))
    return Problem(
        422,
        "invalid",
        "The rubric can't be used",
        f"{path}: {error.detail}",
        [{"path": path, "detail": error.detail}],
    )


def field_path(location: Sequence[str | int]) -> str:
    """`("items", 3, "reference", "answer")` -> `items[3].reference.answer`; the empty location is `body`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "body"


def _body_path(error: ErrorDetails) -> list[str | int]:
    """Where in the body, without what the validator adds to say which branch of a union it took."""
    return [part for part in error["loc"] if not (isinstance(part, str) and part.startswith(BRANCH))]


def install(app: FastAPI) -> None:
    """Answer every error of the routes as problem+json."""

    for kind in (Problem, QueueFull, QueueUnavailable):

        @app.exception_handler(kind)
        async def answer(request: Request, error: Problem | QueueFull | QueueUnavailable) -> Response:  # pyright: ignore[reportUnusedFunction]
            return problem_of(error).response(request)

    @app.exception_handler(ClientGone)
    async def gone(request: Request, error: ClientGone) -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(status_code=CLIENT_GONE)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        kind = "not-found" if error.status_code == 404 else "http"
        return Problem(error.status_code, kind, str(error.detail), str(error.detail)).response(request)


def problem_of(error: Problem | QueueFull | QueueUnavailable) -> Problem:
    """What a request that fails for this reason is answered with."""
    if isinstance(error, QueueFull):
        return _retry(429, "queue-full", "The queue is full", str(error), error.retry_s)
    if isinstance(error, QueueUnavailable):
        return _retry(503, "queue-unavailable", _OUTAGES[error.reason], f"{error.reason}: {error}")
    return error


_OUTAGES = {
    Reason.AWAY: "The queue's server is away",
    Reason.SLOW: "The queue's server does not answer",
    Reason.FULL: "The queue's server is full",
    Reason.LOADING: "The queue's server is loading its data",
    Reason.READ_ONLY: "The queue's server takes no writes",
    Reason.REFUSED: "The queue's server refuses the credentials",
    Reason.LOST: "The queue's server lost the request's work",
    Reason.ERROR: "The queue's server fails",
}


def _retry(status: int, kind: str, title: str, detail: str, seconds: int = 1) -> Problem:
    return Problem(status, kind, title, detail, headers={"Retry-After": str(seconds)})
