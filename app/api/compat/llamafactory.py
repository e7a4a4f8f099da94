"""LLaMA-Factory's `reward_model_type: api`: `POST` of whole conversations, `{model, messages}` → `{scores}`.

Read from LLaMA-Factory at 2026-08-18 (src/llamafactory/train/ppo/ppo_utils.py): no time-out, no second try, the status
is not looked at; anything but scores ends the training with a KeyError. It sends no references, so the default rubric
is one that needs none.
"""

from typing import Annotated

from assay_client.texts import after_assistant
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import Media, parse, respond
from app.api.compat.scoring import Asked, choice_of, rewards, score
from app.api.state import state_of
from app.schemas import Text

router = APIRouter(tags=["compat"])
_DEADLINE_MS = 600_000


class ScoreRequest(BaseModel):
    """Templated conversations; `model` is the rubric, unless it is the client's constant `model`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: Annotated[str, Field(max_length=256)] = "model"
    messages: list[Text]


@router.post("/v1/score/evaluation", response_model=None)
@router.post("/compat/llamafactory", response_model=None, include_in_schema=False)
async def evaluate(request: Request) -> Response:
    """Score conversations by what needs no reference. Query: `rubric` (`readable` by default), `on_abstain`."""
    body = await parse(request, ScoreRequest, state_of(request).settings.max_body_bytes)
    choice = choice_of(request, _DEADLINE_MS)
    rubric = choice.rubric or (body.model if body.model != "model" else "readable")
    asked: list[Asked] = []
    for text in body.messages:
        prompt, completion = after_assistant(text)
        asked.append(Asked(completion, None, prompt))
    results = await score(request, asked, choice._replace(rubric=rubric, kind="none"))
    scores = rewards(results, choice)
    found = {"id": request.state.request_id, "object": "score.evaluation", "model": body.model, "scores": scores}
    return respond(found, Media.JSON)
