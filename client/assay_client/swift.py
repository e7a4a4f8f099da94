"""ms-swift: classes for its `orms` table, of the shape of its `ORM` and `AsyncORM`.

Read from ms-swift 4.6 (swift/rewards/orm.py, swift/rl_core/grpo_algorithm.py): an instance is called with the list of
completions and the data set's columns; None is left out as in TRL; an exception ends the training.

In the file given to `--external_plugins`:

    from swift.rewards import orms
    from assay_client.swift import orm
    orms["assay"] = orm("r1", "http://assay:8000")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay_client._models import Rubric
from assay_client._scoring import OnAbstain, Scoring
from assay_client.trl import Reward


def orm(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    column: str | None = None,
    on_abstain: OnAbstain = "none",
    **scoring: Any,
) -> type:
    """A class for `orms`, whose instances block. Arguments as those of `assay_client.trl.reward`."""
    made = Reward(Scoring(rubric, url, **scoring), column, on_abstain)

    class AssayORM:
        """One of Assay's rubrics as an outcome reward."""

        def __init__(self, args: Any = None, **_: Any) -> None:
            self.args = args

        def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
            return made(_prompts(columns), completions, **columns)

    return AssayORM


def async_orm(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    column: str | None = None,
    on_abstain: OnAbstain = "none",
    **scoring: Any,
) -> type:
    """As `orm`, a class whose instances are awaited: swift runs it beside its other async rewards."""
    made = Reward(Scoring(rubric, url, **scoring), column, on_abstain)

    class AssayAsyncORM:
        """One of Assay's rubrics as an outcome reward, awaited."""

        def __init__(self, args: Any = None, **_: Any) -> None:
            self.args = args

        async def __call__(self, completions: Sequence[Any], **columns: Any) -> list[float | None]:
            return await made.acall(_prompts(columns), completions, **columns)

    return AssayAsyncORM


def _prompts(columns: dict[str, Any]) -> list[Any] | None:
    """Prompts of the rows: their messages without the last, which is the completion."""
    columns.pop("prompts", None)
    messages = columns.get("messages")
    if messages is None:
        return None
    return [row[:-1] if row and row[-1].get("role") == "assistant" else row for row in messages]
