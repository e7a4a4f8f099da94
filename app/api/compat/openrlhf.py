"""OpenRLHF's `--reward.remote_url`: `POST /get_reward`, a sample a request.

Read from OpenRLHF 0.11.2 (openrlhf/utils/agent.py, openrlhf/cli/serve_rm.py): 180 s, five tries a second apart after
any failure, then the sample has no reward. With several URLs it sends empty lists to some.
"""

from typing import Any

from assay_client.texts import completion_of
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from app.api.bodies import Media, parse, respond
from app.api.compat.scoring import Asked, choice_of, component_logs, rewards, score
from app.api.errors import Problem
from app.api.state import state_of
from app.schemas import Text

router = APIRouter(tags=["compat"])
_DEADLINE_MS = 150_000
"""Below the client's 180 s: an answer of 503 then still reaches it."""


class RewardRequest(BaseModel):
    """Whole texts of rollouts, their prompts and labels; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    query: list[Text]
    prompts: list[Text] = []
    labels: list[Any] = []


@router.post("/get_reward", response_model=None)
async def get_reward(request: Request) -> Response:
    """Score rollouts: `{query, prompts, labels}` → `{rewards, scores, extra_logs}`, lists of one length.

    A label is the answer, or a reference as JSON (`{"kind": …}`). Query: `rubric`, `kind`, `on_abstain`.
    """
    body = await parse(request, RewardRequest, state_of(request).settings.max_body_bytes)
    choice = choice_of(request, _DEADLINE_MS)
    prompts = body.prompts or [""] * len(body.query)
    labels = body.labels or [None] * len(body.query)
    if not len(prompts) == len(labels) == len(body.query):
        lengths = f"query {len(body.query)}, prompts {len(prompts)}, labels {len(labels)}"
        raise Problem(422, "invalid", "The lists differ in length", lengths)
    asked = [
        Asked(completion_of(query, prompt), label, prompt)
        for query, prompt, label in zip(body.query, prompts, labels, strict=True)
    ]
    results = await score(request, asked, choice)
    numbers = rewards(results, choice)
    logs: dict[str, list[float]] = {}
    for result in results:
        for name, value in component_logs(result).items():
            logs.setdefault(name, []).append(value)
    return respond({"rewards": numbers, "scores": numbers, "extra_logs": logs}, Media.JSON)
