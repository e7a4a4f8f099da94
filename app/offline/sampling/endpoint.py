"""One endpoint that speaks `POST /chat/completions`, asked patiently.

EndpointError        refused for good: a wrong key, model or request
└── EndpointDown     no answer worth having after all tries
"""

import asyncio
from collections.abc import Mapping, Sequence
from random import random
from typing import Any, NamedTuple

import httpx

from app.offline.layout import text_of

_LATER = (408, 409, 425, 429, 500, 502, 503, 504, 529)
"""Answers that mean: try again."""
_MAX_BACKOFF_S = 60.0
_CONNECT_S = 10.0
_SHOWN_CHARS = 300


class EndpointError(RuntimeError):
    """The endpoint refuses. Says what it answered."""


class EndpointDown(EndpointError):
    """The endpoint does not answer, or not in a shape that can be read."""


class Params(NamedTuple):
    """How to sample."""

    model: str
    temperature: float | None = 0.6
    top_p: float | None = 0.95
    max_tokens: int | None = None
    seed: int | None = None
    """Sample n gets seed + n, so that samples of a question differ and a run can be repeated."""


class Reply(NamedTuple):
    """One completion."""

    text: str
    """With a `reasoning_content` that the server split off back in its think tags."""
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


Message = Mapping[str, str]


class Endpoint:
    """Keeps connections and bounds how many requests are under way; use as an async context manager."""

    def __init__(
        self, base_url: str, params: Params, *, api_key: str | None, concurrency: int, timeout_s: float, tries: int
    ) -> None:
        self._params = params
        self._tries = tries
        self._gate = asyncio.Semaphore(concurrency)
        self._url = base_url.rstrip("/")
        limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx.Timeout(timeout_s, connect=_CONNECT_S, pool=None)
        self._http = httpx.AsyncClient(headers=headers, limits=limits, timeout=timeout)
        self.retries = 0

    async def __aenter__(self) -> "Endpoint":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def complete(self, messages: Sequence[Message], sample: int = 0) -> Reply:
        """One completion of a conversation. Raises EndpointError, EndpointDown."""
        p = self._params
        body: dict[str, Any] = {"model": p.model, "messages": [dict(m) for m in messages], "n": 1, "stream": False}
        chosen = {"temperature": p.temperature, "top_p": p.top_p, "max_tokens": p.max_tokens}
        body |= {name: value for name, value in chosen.items() if value is not None}
        if p.seed is not None:
            body["seed"] = p.seed + sample
        problem = ""
        async with self._gate:
            for attempt in range(self._tries):
                if attempt:
                    self.retries += 1
                wait = min(_MAX_BACKOFF_S, 0.5 * 2**attempt)
                try:
                    response = await self._http.post(f"{self._url}/chat/completions", json=body)
                    if response.status_code in _LATER:
                        problem = f"{response.status_code} {response.text[:_SHOWN_CHARS]}"
                        wait = max(wait if response.status_code != 429 else 0.5, _retry_after(response))
                    elif response.is_success:
                        return _read(response)
                    else:
                        raise EndpointError(f"{self._url}: {response.status_code} {response.text[:_SHOWN_CHARS]}")
                except httpx.TransportError as error:  # refused, cut off, too slow
                    problem = f"{type(error).__name__}: {error}"
                except _Unreadable as error:
                    problem = str(error)
                if attempt + 1 < self._tries:
                    await asyncio.sleep(wait * (0.5 + random()))
        raise EndpointDown(f"{self._url}: no answer in {self._tries} tries; the last: {problem}")


class _Unreadable(ValueError):
    """An answer of 200 that is no chat completion."""


def _retry_after(response: httpx.Response) -> float:
    try:
        return min(_MAX_BACKOFF_S, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


def _read(response: httpx.Response) -> Reply:
    try:
        body: Any = response.json()
        choice: Any = body["choices"][0]
        message: Any = choice["message"]
        if message.get("reasoning") and not message.get("reasoning_content"):
            message = {**message, "reasoning_content": message["reasoning"]}  # Ollama's and OpenRouter's name for it
        if message.get("content") is None and not message.get("reasoning_content"):
            raise _Unreadable("the message has no content")
        text = text_of([{**message, "role": "assistant"}], "completion")
        usage: Any = body.get("usage") or {}
        return Reply(
            text,
            str(choice.get("finish_reason") or ""),
            int(usage.get("prompt_tokens") or 0),
            int(usage.get("completion_tokens") or 0),
        )
    except _Unreadable:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _Unreadable(f"not a chat completion: {type(error).__name__}: {response.text[:_SHOWN_CHARS]}") from None
