"""`POST /v1/execute`: run a program in the sandbox."""

import base64
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field

from app.api.bodies import accepted, parse, respond
from app.api.single import compute
from app.api.state import state_of
from app.queue.codec import WorkItem
from app.schemas import Contract, Text
from sandbox import BadJob
from sandbox.program import FILES_BYTES, MOST_FILES, inner_path

router = APIRouter(tags=["code"])
_QUEUE_S = 60.0
"""Wait in the queue that a caller bears besides the program's own time."""
DEFAULT_WALL_S = 10.0
Seconds = Annotated[float, Field(gt=0, le=600)]


def _path(name: str) -> str:
    try:
        return inner_path(name)
    except BadJob as error:
        raise ValueError(str(error)) from None


def _content(text: str) -> str:
    base64.b64decode(text, validate=True)
    return text


FilePath = Annotated[str, AfterValidator(_path)]
Content = Annotated[str, Field(max_length=FILES_BYTES * 4 // 3 + 4), AfterValidator(_content)]


class ProgramLimits(Contract):
    """What a program may use; the sandbox's defaults where absent."""

    wall_s: Seconds = DEFAULT_WALL_S
    cpu_s: Seconds | None = None
    memory_mb: Annotated[int, Field(ge=4, le=65536)] | None = None
    output_bytes: Annotated[int, Field(ge=0, le=1 << 20)] | None = None
    processes: Annotated[int, Field(ge=1, le=1024)] | None = None
    compile_s: Seconds | None = None


class ExecuteRequest(Contract):
    """A program, its input and its limits."""

    language: Annotated[str, Field(max_length=64)] = "python"
    code: Text
    stdin: Text = ""
    args: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = Field(
        default_factory=list[str]
    )
    limits: ProgramLimits = ProgramLimits()
    files: dict[FilePath, Content] = Field(default_factory=dict[str, str], max_length=MOST_FILES)
    """Path in the working directory -> content in base64."""
    fetch_files: Annotated[list[FilePath], Field(max_length=MOST_FILES)] = Field(default_factory=list[str])
    """Paths to bring back; `files` of the answer has those that are there."""


@router.post("/v1/execute", response_model=None)
async def execute(request: Request) -> Response:
    """Run a program in the sandbox: what it wrote, how it ended, what it used.

    `status` is `ok`, or the limit that it broke; `sandbox_unavailable` and `error` say nothing of the program.
    """
    body = await parse(request, ExecuteRequest, state_of(request).settings.max_body_bytes)
    reference = {
        "kind": "program",
        "language": body.language,
        "stdin": body.stdin,
        "args": body.args,
        "limits": body.limits.model_dump(exclude_none=True),
        "files": body.files,
        "fetch_files": body.fetch_files,
    }
    deadline = body.limits.wall_s + (body.limits.compile_s or DEFAULT_WALL_S) + _QUEUE_S
    score = await compute(request, WorkItem(body.code, "", reference, None, {}), "execute", deadline)
    evidence = score.evidence
    ran = not score.status.abstains
    found: dict[str, object] = {"status": score.status, **(evidence if ran else {"detail": evidence.get("detail")})}
    return respond(found, accepted(request))
