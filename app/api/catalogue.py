"""`GET /v1/rewards`, `GET /v1/rubrics`: what there is to score with."""

from typing import Any

from fastapi import APIRouter

from app.api.errors import Problem
from app.rewards import registry
from app.rubric import BadRubric, describe, presets

router = APIRouter(tags=["catalogue"])


@router.get("/v1/rewards")
async def rewards() -> list[dict[str, Any]]:
    """All rewards: what they are, their range and source, and the JSON Schema of their parameters with defaults."""
    return registry.describe()


@router.get("/v1/rubrics")
async def rubrics() -> list[dict[str, Any]]:
    """All rubrics with their components."""
    return [spec.model_dump(mode="json") for spec in presets().values()]


@router.get("/v1/rubrics/{name}")
async def rubric(name: str) -> dict[str, Any]:
    """One rubric, each component with its full parameters."""
    try:
        return describe(name)
    except BadRubric as error:
        raise Problem(404, "not-found", "No such rubric", error.detail) from None
