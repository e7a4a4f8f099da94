"""slime's `--rm-type remote_rm --rm-url`: one sample a request, and the whole JSON body is the reward.

Read from slime at 2026-08-21 (slime/rollout/rm_hub): 120 s, ten tries with growing waits after any failure, at most 64
connections; then the rollout fails.
"""

from typing import Any

from assay_client.texts import without_special
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from app.api.bodies import Media, parse, respond
from app.api.compat.scoring import Asked, choice_of, component_logs, rewards, score
from app.api.state import state_of
from app.schemas import Text, TextOrMessages

router = APIRouter(tags=["compat"])
_DEADLINE_MS = 100_000
"""Below the client's 120 s."""


class SampleRequest(BaseModel):
    """A rollout and its label; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    prompt: TextOrMessages = ""
    response: Text
    label: Any = None


@router.post("/compat/slime", response_model=None)
async def reward(request: Request) -> Response:
    """Score a rollout: a number, or with `?detail=true` an object, for slime's `--reward-key reward`.

    Query: `rubric`, `kind`, `on_abstain`, `detail`.
    """
    body = await parse(request, SampleRequest, state_of(request).settings.max_body_bytes)
    choice = choice_of(request, _DEADLINE_MS)
    prompt = body.prompt if isinstance(body.prompt, str) else [message.model_dump() for message in body.prompt]
    results = await score(request, [Asked(without_special(body.response), body.label, prompt)], choice)
    [number] = rewards(results, choice)
    if request.query_params.get("detail") != "true":
        return respond(number, Media.JSON)
    return respond({"reward": number, **component_logs(results[0])}, Media.JSON)
