"""Does the completion keep to its template of tags?"""

import re
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from app.rewards.base import Component, Params, Sample, reward

_KNOWN = ("think", "answer", "verifier_answer")


class _Part(NamedTuple):
    tag: str
    required: bool


_TEMPLATES: dict[str, tuple[_Part, ...]] = {
    "r1-zero": (_Part("think", True), _Part("answer", True)),
    "r1": (_Part("think", True), _Part("answer", True), _Part("verifier_answer", False)),
    "cold-start": (_Part("think", True), _Part("answer", True), _Part("verifier_answer", True)),
}


BlockName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}\??$")]


class FormatParams(Params):
    """Parameters of `format`."""

    template: Literal["r1-zero", "r1", "cold-start"] = "r1"
    """`r1-zero`: think, answer. `r1`: those, and a verifier_answer that may be left out. `cold-start`: all three."""
    blocks: Annotated[list[BlockName], Field(min_length=1, max_length=16)] | None = None
    """A template of your own: names of tags in order, one that may be left out ends in `?`. Goes before `template`."""
    credit: Literal["strict", "partial"] = "strict"
    """`partial`: what is not exactly the template still gets half of its share of tags that stand once."""
    think_prefilled: bool | None = None
    """The chat template opened the first block; where unset, the prompt's end tells."""


@reward("format", version=2, params=FormatParams)
def format_reward(sample: Sample, params: FormatParams) -> Component:
    """1 if the completion is exactly its template's blocks, in order, once each, none blank, nothing between; else 0.

    With `credit = "partial"` a completion that breaks the template gets (required tags that stand exactly once) /
    (required tags) / 2. Range: [0, 1]. Source: DeepSeek-R1 (arXiv 2501.12948v1), section 2.2.2, format rewards.
    Example: `<think>a</think> so <answer>b</answer>`: 0, and 0.5 with partial credit.
    """
    template = _own(tuple(params.blocks)) if params.blocks else _TEMPLATES[params.template]
    first = f"<{template[0].tag}>"
    prefilled = params.think_prefilled
    if prefilled is None:
        prefilled = sample.prompt.rstrip().endswith(first)
    offset = len(first) if prefilled else 0
    text = first + sample.completion if prefilled else sample.completion
    problem, at = _problem(text, template)
    if problem is None:
        return Component(1.0)
    score = _partial(text, template) if params.credit == "partial" else 0.0
    return Component(score, evidence={"problem": problem, "at": max(0, at - offset)})


@lru_cache(maxsize=64)
def _tags(template: tuple[_Part, ...]) -> re.Pattern[str]:
    return re.compile(f"<(/?)({'|'.join(sorted({*_KNOWN, *(part.tag for part in template)}))})>")


def _own(blocks: tuple[str, ...]) -> tuple[_Part, ...]:
    return tuple(_Part(name.rstrip("?"), not name.endswith("?")) for name in blocks)


def _partial(text: str, template: tuple[_Part, ...]) -> float:
    tags = [tag for part in template if part.required for tag in (f"<{part.tag}>", f"</{part.tag}>")]
    return sum(text.count(tag) == 1 for tag in tags) / len(tags) / 2 if tags else 0.0


def _problem(text: str, template: tuple[_Part, ...]) -> tuple[str | None, int]:
    """What breaks the template first and where, or None."""
    end = 0
    remaining = list(template)
    tags = _tags(template).finditer(text)
    for opening in tags:
        if text[end : opening.start()].strip():
            return f"text before {opening[0]}", end
        if opening[1]:
            return f"{opening[0]} was never opened", opening.start()
        while remaining and remaining[0].tag != opening[2] and not remaining[0].required:
            remaining.pop(0)
        if not remaining or remaining[0].tag != opening[2]:
            wanted = f"<{remaining[0].tag}> should come here" if remaining else "nothing should follow"
            return f"unexpected {opening[0]}: {wanted}", opening.start()
        remaining.pop(0)
        closing = next(tags, None)
        if closing is None:
            return f"{opening[0]} is never closed", opening.start()
        if closing[0] != f"</{opening[2]}>":
            return f"{closing[0]} inside {opening[0]}", closing.start()
        if not text[opening.end() : closing.start()].strip():
            return f"{opening[0]} is blank", opening.start()
        end = closing.end()
    if text[end:].strip():
        return "text outside the tags", end
    missing = next((part.tag for part in remaining if part.required), None)
    return (f"<{missing}> is missing" if missing else None), end
