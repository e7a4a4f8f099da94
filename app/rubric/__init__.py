"""How component scores become one reward. A rubric is data: a preset, a file of the operator, or inline."""

from app.rubric.binding import bind
from app.rubric.errors import ABSTAIN_DETAIL, BadRubric
from app.rubric.groups import GroupItem, score_groups
from app.rubric.library import describe, load_file, presets, reload, resolve
from app.rubric.model import PASS_COMPONENT, BoundComponent, BoundGroupComponent, Outcome, Rubric
from app.rubric.stats import GroupStats, group_stats

__all__ = [
    "ABSTAIN_DETAIL",
    "PASS_COMPONENT",
    "BadRubric",
    "BoundComponent",
    "BoundGroupComponent",
    "GroupItem",
    "GroupStats",
    "Outcome",
    "Rubric",
    "bind",
    "describe",
    "group_stats",
    "load_file",
    "presets",
    "reload",
    "resolve",
    "score_groups",
]
