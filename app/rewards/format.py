"""Does the completion keep to its template of tags?"""

import re
from typing import Literal, NamedTuple

from app.rewards.base import Component, Params, Sample, reward

_TAG = re.compile(r"<(/?)(think|answer|verifier_answer)>")


class _Part(NamedTuple):
    tag: str
    required: bool


_TEMPLATES: dict[str, tuple[_Part, ...]] = {
    "r1-zero": (_Part("think", True), _Part("answer", True)),
    "r1": (_Part("think", True), _Part("answer", True), _Part("verifier_answer", False)),
}


class FormatParams(Params):
    """Parameters of `format`."""

    template: Literal["r1-zero", "r1"] = "r1"
    """`r1-zero`: think, answer. `r1`: think, answer, and a verifier_answer that may be left out."""
    think_prefilled: bool | None = None
    """The chat template opened the think block; where unset, the prompt's end tells."""


@reward("format", version=1, params=FormatParams)
def format_reward(sample: Sample, params: FormatParams) -> Component:
    """1 if the completion is exactly its template's blocks, in order, once each, none blank, nothing between; else 0.

    Range: {0, 1}. Source: DeepSeek-R1 (arXiv 2501.12948), section 2.2.2, format rewards.
    """
    text = sample.completion
    prefilled = params.think_prefilled
    if prefilled is None:
        prefilled = sample.prompt.rstrip().endswith("<think>")
    offset = len("<think>") if prefilled else 0
    problem, at = _problem("<think>" + text if prefilled else text, _TEMPLATES[params.template])
    if problem is None:
        return Component(1.0)
    return Component(0.0, evidence={"problem": problem, "at": max(0, at - offset)})


def _problem(text: str, template: tuple[_Part, ...]) -> tuple[str | None, int]:
    """What breaks the template first and where, or None."""
    end = 0
    remaining = list(template)
    tags = _TAG.finditer(text)
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
