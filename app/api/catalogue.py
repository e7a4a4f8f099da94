"""`GET /v1/rewards`, `GET /v1/rubrics`: what there is to score with."""

from typing import Any

from fastapi import APIRouter

from app.api.errors import Problem
from app.rewards import registry
from app.rubric import presets

router = APIRouter(tags=["catalogue"])


@router.get("/v1/rewards")
async def rewards() -> list[dict[str, Any]]:
    """All rewards: name, version, what they are, and the JSON Schema of their parameters with defaults."""
    found = [registry.get(name) for name in registry.names()]
    return [{"name": r.name, "version": r.version, "doc": r.doc, "params": r.params.model_json_schema()} for r in found]


@router.get("/v1/rubrics")
async def rubrics() -> list[dict[str, Any]]:
    """All rubrics with their components."""
    return [spec.model_dump(mode="json") for spec in presets().values()]


@router.get("/v1/rubrics/{name}")
async def rubric(name: str) -> dict[str, Any]:
    """One rubric."""
    spec = presets().get(name)
    if spec is None:
        raise Problem(404, "not-found", "No such rubric", f"there are: {', '.join(presets())}")
    return spec.model_dump(mode="json")
