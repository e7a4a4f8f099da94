"""oat's remote reward model: `POST /get_feedback` in msgpack, without a content type.

Read from oat at 2025-10-31 (oat/oracles/remote): 5 s, ten tries with growing waits after any answer but 200, then the
actor fails. It sends no references, so the default rubric is one that needs none; `assay_client.oat` has them.
"""

import math
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from app.api.bodies import Media, read, respond
from app.api.compat.scoring import MAX_ITEMS, Asked, Choice, choice_of, rewards, score
from app.api.errors import Problem, malformed
from app.api.state import state_of
from app.schemas import MAX_COMPLETION_CHARS

router = APIRouter(tags=["compat"])
_DEADLINE_MS = 4_500
"""Below the client's 5 s."""
_MOST = 40.0
"""Past this difference of rewards a probability is 1 in floating point."""
_Text = Annotated[str, Meta(max_length=MAX_COMPLETION_CHARS)]


class FeedbackRequest(msgspec.Struct):
    """Prompts, with a response each or a pair of candidates each."""

    batch_prompt: Annotated[list[_Text], Meta(max_length=MAX_ITEMS)]
    batch_response: Annotated[list[_Text], Meta(max_length=MAX_ITEMS)] = []
    batch_candidates: Annotated[list[tuple[_Text, _Text]], Meta(max_length=MAX_ITEMS // 2)] = []


@router.post("/get_feedback", response_model=None)
async def feedback(request: Request) -> Response:
    """Rewards of responses, or probabilities that the first of two candidates is the better (Bradley-Terry).

    Query: `rubric` (`readable` by default), `on_abstain`.
    """
    body = await _parsed(request)
    choice = choice_of(request, _DEADLINE_MS)
    choice = choice._replace(rubric=choice.rubric or "readable", kind="none")
    scores, probabilities = list[float](), list[float]()
    if body.batch_candidates:
        firsts = await _scores(request, body.batch_prompt, [pair[0] for pair in body.batch_candidates], choice)
        seconds = await _scores(request, body.batch_prompt, [pair[1] for pair in body.batch_candidates], choice)
        probabilities = [_wins(first - second) for first, second in zip(firsts, seconds, strict=True)]
    else:
        scores = await _scores(request, body.batch_prompt, body.batch_response, choice)
    return respond({"batch_score": scores, "batch_first_win_prob": probabilities}, Media.MSGPACK)


async def _parsed(request: Request) -> FeedbackRequest:
    body = await read(request, state_of(request).settings.max_body_bytes)
    try:
        return msgspec.msgpack.decode(body, type=FeedbackRequest)
    except msgspec.ValidationError as error:
        raise Problem(422, "invalid", "The body breaks the contract", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"msgpack: {error}") from None


async def _scores(request: Request, prompts: list[str], completions: list[str], choice: Choice) -> list[float]:
    if len(prompts) != len(completions):
        detail = f"batch_prompt {len(prompts)}, responses or candidates {len(completions)}"
        raise Problem(422, "invalid", "The lists differ in length", detail)
    asked = [Asked(completion, None, prompt) for prompt, completion in zip(prompts, completions, strict=True)]
    return rewards(await score(request, asked, choice), choice)


def _wins(difference: float) -> float:
    return 1 / (1 + math.exp(-max(-_MOST, min(_MOST, difference))))
