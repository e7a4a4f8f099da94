"""NeMo-Gym's resources server: `POST /seed_session`, `POST /verify`.

Read from NeMo-Gym at 2026-08-22 (nemo_gym/base_resources_server.py, judge.py, rollout_collection.py): the answer is the
request with `reward` and `reward_components`. A row with `_ng_failure_class` goes to the file of failures and is tried
again, never to the rollouts; so an abstention is such a row. An answer of 4xx or 5xx fails the rollout.
"""

from collections.abc import Mapping
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from app.api.bodies import Media, parse, respond
from app.api.compat.scoring import Asked, Choice, choice_of, score, source_of
from app.api.errors import Problem
from app.api.results import ItemOut
from app.api.state import state_of

router = APIRouter(tags=["compat"])
_DEADLINE_MS = 300_000
_ANSWERS = ("reference", "expected_answer", "answer", "ground_truth", "solution")
"""Where the rows of its data sets keep what a response is compared with; verifier_metadata holds tests."""


class VerifyRequest(BaseModel):
    """A rollout: the request to the model, its response, and the row of the data set."""

    model_config = ConfigDict(extra="allow", frozen=True)

    responses_create_params: dict[str, Any]
    response: dict[str, Any]


@router.post("/seed_session", response_model=None)
async def seed_session() -> dict[str, str]:
    """Nothing is kept between a session's calls."""
    return {}


@router.post("/verify", response_model=None)
async def verify(request: Request) -> Response:
    """Score a response by the row's `expected_answer`, `verifier_metadata.unit_tests`, or `reference`.

    Query: `rubric`, `kind`, `on_abstain`; a row's `data_source` is looked up in the table of sources.
    """
    body = await parse(request, VerifyRequest, state_of(request).settings.max_body_bytes)
    choice = choice_of(request, _DEADLINE_MS)
    row = body.model_extra or {}
    try:
        completion, prompt = _completion(body.response), _prompt(body.responses_create_params)
    except (AttributeError, TypeError, KeyError) as error:
        detail = f"response.output, responses_create_params.input: not of the Responses API ({error!r})"
        raise Problem(422, "invalid", "The body breaks the contract", detail) from None
    [result] = await score(request, [Asked(completion, _reference(row, choice), prompt, source_of(row))], choice)
    return respond({**body.model_dump(mode="json"), **_outcome(result, choice)}, Media.JSON)


def _outcome(result: ItemOut, choice: Choice) -> dict[str, Any]:
    components = {name: c.score for name, c in result.components.items() if c.score is not None}
    reward = result.reward if result.reward is not None else choice.on_abstain
    if reward is not None:
        return {"reward": reward, "reward_components": components}
    error = result.error
    return {
        "reward": 0.0,  # The form needs a number; the class below keeps the row out of the rollouts.
        "reward_components": components,
        "_ng_failure_class": "assay_abstained",
        "_ng_failure_detail": f"{error.class_}: {error.detail}" if error else "",
    }


def _reference(row: Mapping[str, Any], choice: Choice) -> Any:
    metadata = row.get("verifier_metadata")
    tests = cast("dict[str, Any]", metadata).get("unit_tests") if isinstance(metadata, dict) else None
    if tests is not None:
        return {"kind": "code", "tests": tests}
    answer = next((row[name] for name in _ANSWERS if row.get(name) is not None), None)
    options = row.get("options")
    if options and isinstance(options, list) and isinstance(answer, str) and choice.kind in (None, "choice"):
        return {"kind": "choice", "answer": answer, "options": _options(cast("list[Any]", options))}
    return answer


def _options(options: list[Any]) -> Any:
    """Its form is a list of objects of one letter each; ours is one object."""
    if all(isinstance(one, dict) for one in options):
        return {letter: text for one in cast("list[dict[str, Any]]", options) for letter, text in one.items()}
    return options


def _completion(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The assistant's text of a Responses API object, what it thought in its field."""
    thought: list[str] = []
    said: list[str] = []
    for part in response["output"]:
        if part.get("type") == "reasoning":
            thought.extend(str(one.get("text", "")) for one in (part.get("summary") or part.get("content") or ()))
        elif part.get("type") == "message":
            said.extend(_text(part.get("content")))
    message = {"role": "assistant", "content": "".join(said)}
    return [{**message, "reasoning_content": "\n".join(thought)} if thought else message]


def _prompt(params: Mapping[str, Any]) -> Any:
    asked: Any = params.get("input", "")
    if isinstance(asked, str):
        return asked
    turns = [turn for turn in asked if turn.get("role")]
    return [{"role": turn["role"], "content": "".join(_text(turn.get("content")))} for turn in turns] or ""


def _text(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [str(part.get("text", "")) for part in content or ()]
