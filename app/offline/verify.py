"""One record at a time through an engine and a rubric: for work that decides as it goes."""

import json
from typing import Any, NamedTuple

from app.offline.engines.base import Engine
from app.offline.records import Place, Record, content_id
from app.offline.rows import detail_of
from app.queue.codec import WorkItem
from app.rubric import Rubric

_SHOWN_CHARS = 300


class Verified(NamedTuple):
    """What a rubric says of one completion."""

    reward: float | None
    problem: str
    """What keeps it from full marks, for whoever wrote it; never the reference. Empty where nothing does."""


async def verify(engine: Engine, rubric: Rubric, prompt: str, completion: str, reference: dict[str, Any]) -> Verified:
    """Score one completion. Raises EngineError; ValueError on text that can't be sent."""
    item = WorkItem(completion, prompt, reference, None, {})
    [scores] = await engine.score([Record("", None, item, content_id(item), None, "", Place(0, 1))])
    outcome = rubric.combine([s.score for s in scores])
    problems: list[str] = []
    for component, score in zip(rubric.components, scores, strict=True):
        if score.score is not None and score.score >= 1.0:
            continue
        evidence = score.evidence or {}
        said = evidence.get("problem") or evidence.get("detail") or ""
        if component.name == "accuracy" and score.score is not None:
            found = evidence.get("extracted")
            said = f"your result {json.dumps(found, ensure_ascii=False)} is not right" if found else "no result found"
        problems.append(f"{component.name}: {str(said or detail_of(score) or score.status)[:_SHOWN_CHARS]}")
    return Verified(outcome.reward, "; ".join(problems))
