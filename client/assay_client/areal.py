"""AReaL: a `reward_fn`.

Read from AReaL at 2026-05-21 (areal/api/reward_api.py): the function runs in a process pool with a limit of 15 s; after
four time-outs AReaL itself puts 0, after four exceptions it raises. So the deadline here is below the limit, and an
outage becomes an exception, never AReaL's zero.

    reward_fn = assay_client.areal.reward("r1", "http://assay:8000")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay_client._models import Rubric
from assay_client._scoring import OnAbstain, Scoring, checked_choice, numbers
from assay_client.sources import REFERENCE_COLUMNS, reference_column

_DEADLINE_S = 12.0
"""Below AReaL's 15 s, with room for the process pool's own queue."""


class Reward:
    """A reward function for AReaL; picklable, as its process pool needs."""

    def __init__(self, scoring: Scoring, column: str | None, on_abstain: OnAbstain) -> None:
        self.__name__ = f"assay_{scoring.name}"
        self._scoring = scoring
        self._column = column
        self._on_abstain: OnAbstain = checked_choice(on_abstain, "raise")

    def __call__(
        self, prompt: Any, completions: Any, prompt_ids: Any = None, completion_ids: Any = None, **row: Any
    ) -> float:
        """The reward of one completion. Raises AssayError."""
        known = {
            name: [row[name]] for name in (*REFERENCE_COLUMNS, *([self._column] if self._column else [])) if name in row
        }
        answers = reference_column(known, self._column)
        source = row.get("data_source")
        item = self._scoring.item(completions, answers[0] if answers else None, prompt, source)
        return numbers([self._scoring.one(item, source)], [""], self._on_abstain)[0]


def reward(
    rubric: Rubric | None = None,
    url: str | Sequence[str] | None = None,
    *,
    column: str | None = None,
    on_abstain: OnAbstain = "raise",
    deadline_s: float = _DEADLINE_S,
    **scoring: Any,
) -> Reward:
    """A `reward_fn`; arguments as those of `assay_client.trl.reward`. A longer deadline needs AReaL's limit raised."""
    return Reward(Scoring(rubric, url, deadline_s=deadline_s, **scoring), column, on_abstain)
