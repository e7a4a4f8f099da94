"""The catalogue of rewards as a page, made from their docstrings and parameters: `docs/rewards.md`."""

import json
from typing import Any

from app.rewards import registry
from app.rewards.checkers import base as checkers

_HEAD = """# Rewards

Made by `assay rewards docs` from the docstrings: change those. A reward is named in a rubric's component; `params` are
checked when the rubric is loaded. A score of null is an abstention, never a zero.
"""

_DIFFERENCES = """
## Where a reward differs from its source

Each dialect is tested on some hundreds of inputs against the numbers that its source's own functions gave, recorded
with the source's version (`tests/rewards/peers`). These differences are meant:

- An answer inside a thought that never ends is none: open-r1 and EasyR1 would take it.
- `accuracy` is this service's own comparison in all presets. What it can't decide abstains; the sources pay 0 or 1.
- `length/l1-exact` ends at -1; L1 goes on falling. `length/l1-max` has the paper's slope; L1's code has half of it.
- `length/cosine` stays at its last value past `max_tokens` unless `clip` is off; open-r1's turns back up there.
- `length/cosine` and `group/length-k1.5` count tokens; open-r1 counts characters.
- `repetition/ngram` cuts CJK by characters where `unit` is `auto`; open-r1 needs jieba for Chinese, TRL token ids.
- `group/majority` votes by mathematical value, and a completion without an answer never wins; TTRL votes by text.
- `group/advantage` gives a group of one 0; verl leaves it its reward.
- `format/logic-rl` counts a `<think>` at the prompt's end as the completion's.
"""

_PRESETS = """
## Presets on real rollouts

Means of 424 completions of a Qwen model on MATH, without tags, 387 of them right: `assay score FILE --rubric NAME`.

| rubric | mean reward | why |
|---|---|---|
| `r1` | 1.9092 | accuracy 0.9127, format 0, language 0.9965: three completions fall into other scripts half way |
| `r1-zero` | 0.9127 | accuracy; no completion has the tags |
| `dapo` | 0.8255 | 2 · 0.9127 - 1; none is overlong |
| `easy-r1` | 0.8215 | 0.9 · 0.9127 |
| `open-r1` | 0.9127 | accuracy; no tags to count |
| `tinyzero` | 0.0000 | without an answer tag nothing is paid |
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
    return "\n".join(parts) + "\n" + _DIFFERENCES + _PRESETS


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
