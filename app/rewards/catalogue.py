"""The catalogue of rewards as a page, made from their docstrings and parameters: `docs/rewards.md`."""

import json
from typing import Any

from app.rewards import registry
from app.rewards.checkers import base as checkers

_HEAD = """# Rewards

Made by `assay rewards docs` from the docstrings: change those. A reward is named in a rubric's component; `params` are
checked when the rubric is loaded. A score of null is an abstention, never a zero.
"""


def page() -> str:
    """The page, in Markdown. Plugins are left out: it describes what ships."""
    parts = [_HEAD]
    for name in registry.shipped():
        parts.append(_section(registry.describe_one(registry.find(name))))
    parts.append("## Kinds of references that `accuracy` compares with\n")
    for kind in checkers.kinds():
        checker = checkers.get(kind)
        if checker is not None:
            doc = " ".join((checker.check.__doc__ or "").split())
            parts.append(f"- `{kind}` (lane `{checker.lane}`): {doc}")
    return "\n".join(parts) + "\n"


def _section(entry: dict[str, Any]) -> str:
    low, high = ("unbounded" if bound is None else f"{bound:g}" for bound in entry["range"])
    lines = [
        f"## `{entry['name']}`\n",
        entry["doc"] + "\n",
        f"Version {entry['version']}, lane `{entry['lane']}`, range with the defaults: {low} to {high}.\n",
    ]
    fields: dict[str, Any] = entry["params"].get("properties", {})
    if fields:
        lines += ["| parameter | default | what it is |", "|---|---|---|"]
        lines += [f"| `{name}` | {_default(field)} | {_cell(field)} |" for name, field in fields.items()]
        lines.append("")
    return "\n".join(lines)


def _default(field: dict[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""


def _cell(field: dict[str, Any]) -> str:
    values = ", ".join(f"`{value}`" for value in field.get("enum", ()))
    text = " ".join(field.get("description", "").split())
    return f"{text} One of {values}." if values else text
