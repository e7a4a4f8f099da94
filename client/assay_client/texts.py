"""The completion in what a trainer sends: special tokens cut off, the prompt taken away, messages made plain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

_SPECIAL = re.compile(r"(?:<\|[^|<>]{1,48}\|>|<｜[^｜<>]{1,48}｜>|</s>|<eos>|<pad>|<end_of_turn>|<turn\|>|\[PAD\])\Z")
"""A special token at the end of decoded text, as the tokenizers of Qwen, Llama, DeepSeek, Mistral, Gemma write them."""
_SPECIAL_CHARS = 64
_MAX_SPECIAL = 1 << 16
"""Padding tokens cut off at most: a context window of them."""
_ASSISTANT = (
    "<|im_start|>assistant",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<｜Assistant｜>",
    "<start_of_turn>model",
    "<|turn>model",
    "<|assistant|>",
    "[/INST]",
)
"""Where the chat templates of common models let the assistant begin."""


def without_special(text: str) -> str:
    """Text without the special tokens and the padding that it ends in."""
    end = len(text.rstrip())
    cut = False
    for _ in range(_MAX_SPECIAL):
        found = _SPECIAL.search(text, max(0, end - _SPECIAL_CHARS), end)
        if found is None:
            break
        end = found.start()
        cut = True
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end] if cut else text


def completion_of(query: str, prompt: str) -> str:
    """What follows the prompt in the whole text of a rollout; the tokenizer may have put a token before it."""
    start = query.find(prompt) if prompt else -1
    if start < 0:
        return after_assistant(query)[1]
    return without_special(query[start + len(prompt) :])


def after_assistant(text: str) -> tuple[str, str]:
    """Prompt and completion of a templated conversation: cut where the last assistant's turn begins."""
    start, end = max(((text.rfind(mark), text.rfind(mark) + len(mark)) for mark in _ASSISTANT), default=(-1, 0))
    if start < 0:
        return "", without_special(text)
    return text[:start], without_special(text[end:].lstrip("\n"))


def spoken(value: Any) -> Any:
    """A prompt or completion as the service takes it: text, or messages whose contents are text."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Mapping):
        return [_message(cast("Mapping[str, Any]", value))]
    return [_message(message) for message in value]


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"role": str(message.get("role", "assistant")), "content": _content(message.get("content"))}
    reasoning = message.get("reasoning_content") or message.get("thinking")
    if isinstance(reasoning, str):
        kept["reasoning_content"] = reasoning
    return kept


def _content(content: Any) -> str | None:
    """Text of a message; of a multimodal one, its parts of text."""
    if content is None or isinstance(content, str):
        return content
    parts = cast("Sequence[Any]", content)
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
