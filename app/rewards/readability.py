"""Can a person read the completion?"""

import re
from typing import Any

from pydantic import Field

from app.rewards.base import Component, Params, Sample, reward

_GARBLED = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufff0-\uffff]")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]{3,}")
_PARAGRAPHS = re.compile(r"[^\n]+(?:\n[^\n]+)*")
_MIN_SCRIPT_WORDS = 8
"""A term or two in another script is a quotation."""


class ReadabilityParams(Params):
    """Parameters of `readability`; each None or false guard is off."""

    max_paragraph_chars: int | None = Field(2000, ge=1)
    """Longest paragraph, between blank lines."""
    code_in_think: bool = True
    """Whether a fenced code block in the chain of thought is a fault."""
    max_garbled: int | None = Field(0, ge=0)
    """Most replacement, control and private-use characters."""
    max_minor_script: float | None = Field(0.1, ge=0.0, le=1.0)
    """Largest share of the less frequent of CJK characters and Latin words."""


@reward("readability", version=1, params=ReadabilityParams, bounds=(0.0, 1.0))
def readability(sample: Sample, params: ReadabilityParams) -> Component:
    """The filters that the paper's rejection sampling keeps readable completions by, as a reward.

    Formula: guards that hold / guards that are on: paragraph length, code blocks in the chain of thought, garbled
    characters, CJK and Latin mixed. Range: [0, 1].
    Source: DeepSeek-R1 (arXiv 2501.12948v1), section 2.3.3 (long paragraphs, code blocks, mixed languages
    filtered out).
    Example: a code block in the thought and nothing else: 0.75.
    """
    text = sample.completion
    faults: dict[str, Any] = {}
    guards = 0
    if params.max_paragraph_chars is not None:
        guards += 1
        long = next((p.span() for p in _PARAGRAPHS.finditer(text) if len(p[0]) > params.max_paragraph_chars), None)
        if long:
            faults["long_paragraph"] = list(long)
    if params.code_in_think:
        guards += 1
        code = next((at for s in sample.sections.think if (at := text.find("```", s.start, s.end)) >= 0), None)
        if code is not None:
            faults["code_in_think"] = [code, code + 3]
    if params.max_garbled is not None:
        guards += 1
        garbled = _GARBLED.findall(text)
        if len(garbled) > params.max_garbled:
            faults["garbled"] = len(garbled)
    if params.max_minor_script is not None:
        guards += 1
        share = _minor_script(text)
        if share > params.max_minor_script:
            faults["mixed_scripts"] = round(share, 4)
    return Component(1.0 - len(faults) / guards if guards else 1.0, evidence={"faults": faults} if faults else {})


def _minor_script(text: str) -> float:
    if text.isascii():
        return 0.0
    cjk, latin = len(_CJK.findall(text)), len(_LATIN.findall(text))
    minor = min(cjk, latin)
    return minor / (cjk + latin) if minor >= _MIN_SCRIPT_WORDS else 0.0
