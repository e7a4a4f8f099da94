"""SandboxFusion's `POST /run_code`, which verl's client speaks: one program a request.

Its client tries again on 504 alone, so that is what an overload and an outage are here.
"""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import Media, parse, respond
from app.api.errors import Problem
from app.api.single import compute
from app.api.state import state_of
from app.queue.codec import ComponentScore, WorkItem
from app.queue.outage import QueueUnavailable
from app.queue.room import QueueFull
from app.schemas import Text
from app.status import Status
from sandbox import BadJob, UnknownLanguage, languages
from sandbox.program import FILES_BYTES, MOST_FILES, inner_path

router = APIRouter(tags=["compat"])
_QUEUE_S = 60.0
"""Wait in the queue that a caller bears besides the program's own time."""
_DEFAULT_MEMORY = -1
_LEAST_MEMORY_MB = 4
_LEAST_COMPILE_S = 0.1
_NAMES = {"nodejs": "javascript"}
"""Its names of languages that have another one here."""
_OTHERS = frozenset(
    (
        *("go_test", "php", "csharp", "sql", "cuda", "lua", "R", "perl", "D_ut", "ruby", "scala", "julia", "pytest"),
        *("junit", "kotlin_script", "jest", "verilog", "python_gpu", "lean", "swift", "racket"),
    )
)
"""Its languages and test runners that there are none of here."""
_IGNORED_FILE = "IGNORE_THIS_FILE"
"""Its data sets mark files with this that no run needs."""
_OUR_FAULT = (Status.TIMEOUT, Status.ERROR)
_TIME_LIMITS = ("wall", "cpu")
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
    fetch_files: Annotated[list[str], Field(max_length=MOST_FILES)] = []


@router.post("/run_code", response_model=None)
async def run_code(request: Request) -> Response:
    """Run one program. `files` (base64) are put into its working directory, `fetch_files` are brought back from it.

    Both are paths below that directory, relative or starting with `/tmp/`: nothing else is a program's to write.
    A language that is not here is answered `SandboxError` with its name.
    """
    body = await parse(request, RunCodeRequest, state_of(request).settings.max_body_bytes)
    language = _NAMES.get(body.language, body.language)
    try:
        factor = languages.find(language).factor
    except UnknownLanguage as error:
        known = "is one of SandboxFusion's that Assay does not run" if language in _OTHERS else "is not known"
        return respond(_failed(f"language {body.language!r} {known}: {error}"), Media.JSON)
    limits: dict[str, Any] = {
        # The time is the caller's own: not stretched by what a language's runtime takes.
        "wall_s": body.run_timeout / factor,
        "compile_s": max(body.compile_timeout, _LEAST_COMPILE_S),
    }
    if body.memory_limit_MB > 0:
        limits["memory_mb"] = max(body.memory_limit_MB, _LEAST_MEMORY_MB)
    reference = {
        "kind": "program",
        "language": language,
        "stdin": body.stdin or "",
        "args": body.args,
        "limits": limits,
        "files": _files(body.files),
        "fetch_files": [_inner(name, "fetch_files") for name in body.fetch_files],
    }
    deadline = body.run_timeout + body.compile_timeout + _QUEUE_S
    try:
        score = await compute(request, WorkItem(body.code, "", reference, None, {}), "execute", deadline)
    except (QueueFull, QueueUnavailable) as error:
        raise _gateway_timeout(str(error)) from None
    if score.status in _OUR_FAULT:
        raise _gateway_timeout(str(score.evidence.get("detail")))
    return respond(_response(score, language, body.fetch_files), Media.JSON)


def _inner(name: str, field: str) -> str:
    try:
        return inner_path(name)
    except BadJob as error:
        raise Problem(422, "invalid", "A path can't be used", f"{field}: {error}") from None


def _files(given: dict[str, str | None]) -> dict[str, str]:
    """Files to put in, checked here, where a mistake can still be told to the caller. Raises Problem: 413, 422."""
    files = {
        _inner(name, "files"): content
        for name, content in given.items()
        if content is not None and _IGNORED_FILE not in name
    }
    if len(files) > MOST_FILES:
        raise Problem(422, "invalid", "Too many files", f"files: at most {MOST_FILES}")
    size = 0
    for name, content in files.items():
        try:
            size += len(base64.b64decode(content, validate=True))
        except binascii.Error as error:
            raise Problem(422, "invalid", "A file can't be read", f"files.{name}: {error}") from None
    if size > FILES_BYTES:
        raise Problem(413, "too-large", "The files are too large", f"files: at most {FILES_BYTES} bytes")
    return files


def _gateway_timeout(detail: str) -> Problem:
    return Problem(504, "queue-unavailable", "The program was not run; try again", detail)


def _failed(message: str) -> dict[str, Any]:
    """The answer where nothing of the program ran, and no other try would help."""
    empty: dict[str, Any] = {"compile_result": None, "run_result": None, "executor_pod_name": None, "files": {}}
    return {"status": "SandboxError", "message": message, **empty}


def _response(score: ComponentScore, language: str, wanted: list[str]) -> dict[str, Any]:
    found = score.evidence
    if score.status.abstains:
        return _failed(str(found.get("detail")))
    late = found["limit"] in _TIME_LIMITS
    result = {
        "status": "TimeLimitExceeded" if late else "Finished",
        "execution_time": found["wall_ms"] / 1000,
        "return_code": None if late else _return_code(found),
        "stdout": found["stdout"],
        "stderr": found["stderr"],
    }
    compiled: dict[str, Any] | None = None
    if languages.find(language).compile:
        compiled = {"status": "Finished", "execution_time": 0.0, "return_code": 0, "stdout": "", "stderr": ""}
    refused = score.status is Status.COMPILE_ERROR
    return {
        "status": "Success" if score.score else "Failed",
        "message": "",
        "compile_result": result if refused else compiled,
        "run_result": None if refused else result,
        "executor_pod_name": None,
        # Under the names that the caller used.
        "files": {name: found["files"][inner_path(name)] for name in wanted if inner_path(name) in found["files"]},
    }


def _return_code(found: dict[str, Any]) -> int:
    """Exit status; minus the signal's number where one ended it."""
    return found["exit_code"] if found["exit_code"] is not None else -int(found["signal"] or 9)
