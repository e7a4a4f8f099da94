"""SandboxFusion's `POST /run_code`, which verl's client speaks: one program a request.

Its client tries again on 504 alone, so that is what an overload and an outage are here.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import Media, parse, respond
from app.api.errors import Problem
from app.api.single import compute
from app.api.state import state_of
from app.queue.codec import ComponentScore, WorkItem
from app.queue.connection import QueueUnavailable
from app.queue.room import QueueFull
from app.schemas import Text
from app.status import Status
from sandbox import languages

router = APIRouter(tags=["compat"])
_QUEUE_S = 60.0
"""Wait in the queue that a caller bears besides the program's own time."""
_DEFAULT_MEMORY = -1
_NAMES = {"nodejs": "javascript"}
"""Its names of languages that have another one here."""
_OUR_FAULT = (Status.TIMEOUT, Status.ERROR)
Seconds = Annotated[float, Field(gt=0, le=600)]


class RunCodeRequest(BaseModel):
    """A program, its input and its limits, as SandboxFusion names them; what it ignores is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: Text
    language: str
    stdin: Text | None = None
    compile_timeout: Seconds = 10
    run_timeout: Seconds = 10
    memory_limit_MB: int = _DEFAULT_MEMORY
    args: list[str] = []
    files: dict[str, str | None] = {}
    fetch_files: list[str] = []


@router.post("/run_code", response_model=None)
async def run_code(request: Request) -> Response:
    """Run one program; `files` and `fetch_files` must be empty."""
    body = await parse(request, RunCodeRequest, state_of(request).settings.max_body_bytes)
    if body.files or body.fetch_files:
        raise Problem(422, "invalid", "Files are not supported", "files, fetch_files: must be empty")
    limits: dict[str, Any] = {"wall_s": body.run_timeout, "compile_s": max(body.compile_timeout, 0.1)}
    if body.memory_limit_MB > 0:
        limits["memory_mb"] = max(body.memory_limit_MB, 4)
    language = _NAMES.get(body.language, body.language)
    reference = {
        "kind": "program",
        "language": language,
        "stdin": body.stdin or "",
        "args": body.args,
        "limits": limits,
    }
    deadline = body.run_timeout + body.compile_timeout + _QUEUE_S
    try:
        score = await compute(request, WorkItem(body.code, "", reference, None, {}), "execute", deadline)
    except (QueueFull, QueueUnavailable) as error:
        raise _gateway_timeout(str(error)) from None
    if score.status in _OUR_FAULT:
        raise _gateway_timeout(str((score.evidence or {}).get("detail")))
    return respond(_response(score, language), Media.JSON)


def _gateway_timeout(detail: str) -> Problem:
    return Problem(504, "queue-unavailable", "The program was not run; try again", detail)


def _response(score: ComponentScore, language: str) -> dict[str, Any]:
    found = score.evidence or {}
    answer: dict[str, Any] = {"compile_result": None, "run_result": None, "executor_pod_name": None, "files": {}}
    if score.status.abstains:
        return {"status": "SandboxError", "message": str(found.get("detail")), **answer}
    result = {
        "status": "TimeLimitExceeded" if score.status is Status.TIME_LIMIT else "Finished",
        "execution_time": found["wall_ms"] / 1000,
        "return_code": None if score.status is Status.TIME_LIMIT else _return_code(found),
        "stdout": found["stdout"],
        "stderr": found["stderr"],
    }
    if score.status is Status.COMPILE_ERROR:
        answer["compile_result"] = result
    else:
        answer["run_result"] = result
        if languages.find(language).compile:
            answer["compile_result"] = {
                "status": "Finished",
                "execution_time": 0.0,
                "return_code": 0,
                "stdout": "",
                "stderr": "",
            }
    return {"status": "Success" if score.score else "Failed", "message": "", **answer}


def _return_code(found: dict[str, Any]) -> int:
    """Exit status; minus the signal's number where one ended it."""
    return found["exit_code"] if found["exit_code"] is not None else -int(found["signal"] or 9)
