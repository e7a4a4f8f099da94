"""open-instruct's code verifier: `POST /test_program`, `POST /test_program_stdio`.

Read from open-instruct at 2026-08-20 (open_instruct/code_utils/api.py, ground_truth_utils.py): the answer is a 0 or 1
and a time for each test. Its client tries no POST again and takes every failure for a score of 0; so a request is held
as long as the client waits, rather than refused.
"""

from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import Media, parse, respond
from app.api.compat.scoring import Asked, Choice, abstained, choice_of, score
from app.api.errors import Problem
from app.api.state import state_of
from app.schemas import Text
from app.status import Status

router = APIRouter(tags=["compat"])
_MAX_TESTS = 1024
_RUBRIC = "code"


class ProgramRequest(BaseModel):
    """A program and its tests: asserts, or inputs with outputs."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    program: Text
    tests: Any
    max_execution_time: Annotated[float, Field(gt=0, le=300)] = 1.0


@router.post("/test_program", response_model=None)
async def test_program(request: Request) -> Response:
    """Run asserts against a program: `{program, tests, max_execution_time}` → `{results, runtimes}`."""
    return await _tested(request, "asserts")


@router.post("/test_program_stdio", response_model=None)
async def test_program_stdio(request: Request) -> Response:
    """Run a program on inputs: tests are `{"input", "output"}`."""
    return await _tested(request, "stdio")


async def _tested(request: Request, mode: str) -> Response:
    body = await parse(request, ProgramRequest, state_of(request).settings.max_body_bytes)
    tests = _tests(body.tests)
    waits_s = max(30.0, min(300.0, body.max_execution_time * 10)) - 2
    choice = choice_of(request, int(waits_s * 1000))._replace(rubric=_RUBRIC)
    asked = [Asked(body.program, _reference(test, mode, body.max_execution_time)) for test in tests]
    return respond(await _outcomes(request, asked, choice, body.max_execution_time), Media.JSON)


async def _outcomes(request: Request, asked: list[Asked], choice: Choice, limit_s: float) -> dict[str, list[Any]]:
    """Each test is an item of its own: the answer has its verdict and its time."""
    results: list[int] = []
    runtimes: list[float] = []
    for position, result in enumerate(await score(request, asked, choice)):
        if result.reward is None:
            raise abstained(position, result)
        component = result.components["accuracy"]
        passed = component.score == 1.0
        took = float(component.decoded_evidence().get("elapsed_ms", component.elapsed_ms)) / 1000
        results.append(int(passed))
        runtimes.append(min(took, limit_s) if component.status is not Status.TIME_LIMIT else -1.0)
    return {"results": results, "runtimes": runtimes}


def _reference(test: Any, mode: str, limit_s: float) -> dict[str, Any]:
    limits = {"wall_s": max(limit_s, 0.1), "cpu_s": max(limit_s, 0.1)}
    policy = {"blocks": "whole"}
    return {"kind": "code", "language": "python", "mode": mode, "tests": [test], "limits": limits, "policy": policy}


def _tests(tests: Any) -> list[Any]:
    if isinstance(tests, str):
        try:
            tests = msgspec.json.decode(tests)
        except (msgspec.DecodeError, RecursionError):
            raise Problem(422, "invalid", "The body breaks the contract", "tests: a list, or one as JSON") from None
    if not isinstance(tests, list) or len(cast("list[Any]", tests)) > _MAX_TESTS:
        raise Problem(422, "invalid", "The body breaks the contract", f"tests: a list of at most {_MAX_TESTS}")
    return cast("list[Any]", tests)
