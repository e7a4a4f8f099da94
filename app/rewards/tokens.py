"""How long a completion is, in tokens: as the trainer says, or estimated from its characters."""

from typing import Any, Literal, NamedTuple

from app.rewards.base import Sample

CHARS_PER_TOKEN = 4.0
"""English prose under the vocabularies of Qwen and Llama; mathematics and CJK have fewer characters a token."""

Over = Literal["all", "think"]


class Length(NamedTuple):
    tokens: float
    source: Literal["meta", "estimate"]

    def evidence(self) -> dict[str, Any]:
        return {"tokens": round(self.tokens, 1), "tokens_from": self.source}


def length_of(sample: Sample, over: Over) -> Length:
    """`meta.completion_tokens` or `meta.think_tokens`, else characters / 4, named an estimate."""
    given = sample.meta.get("think_tokens" if over == "think" else "completion_tokens")
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < float("inf"):
        return Length(float(given), "meta")
    spans = sample.sections.think if over == "think" else ()
    chars = sum(end - start for start, end in spans) if over == "think" else len(sample.completion)
    return Length(chars / CHARS_PER_TOKEN, "estimate")
