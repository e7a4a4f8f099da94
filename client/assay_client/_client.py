"""The clients: `Client` blocks, `AsyncClient` awaits; what they send and read is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx

from assay_client._errors import ServiceError, Unreachable
from assay_client._models import Scored, scored_from

Item = Mapping[str, Any]
"""One item of `/v1/score`: `completion`, and `id`, `group`, `prompt`, `reference`, `language`, `meta` as needed."""

DEFAULT_DEADLINE_MS = 30_000
_MARGIN_S = 15.0
"""The service answers by the deadline; so much longer is waited for the transfer of a large batch."""
_CONNECT_S = 5.0


def _body(
    items: Sequence[Item], rubric: str | Mapping[str, Any], deadline_ms: int, options: Mapping[str, Any]
) -> dict[str, Any]:
    return {"rubric": rubric, "items": list(items), "options": {"deadline_ms": deadline_ms, **options}}


def _timeout(deadline_ms: int) -> httpx.Timeout:
    return httpx.Timeout(deadline_ms / 1000 + _MARGIN_S, connect=_CONNECT_S)


def _read(response: httpx.Response) -> Scored:
    if response.is_success:
        return scored_from(response.json())
    is_problem = response.headers.get("content-type", "").startswith("application/problem+json")
    raise ServiceError(response.status_code, response.json() if is_problem else {"detail": response.text[:1000]})


class Client:
    """Blocking client. Keeps connections; use it as a context manager or `close` it."""

    def __init__(self, base_url: str = "http://127.0.0.1:8000") -> None:
        self._http = httpx.Client(base_url=base_url)

    def score(
        self,
        items: Sequence[Item],
        rubric: str | Mapping[str, Any] = "r1",
        *,
        deadline_ms: int = DEFAULT_DEADLINE_MS,
        **options: Any,
    ) -> Scored:
        """Score a batch. `options`: `priority`, `evidence`, `on_abstain`. Raises Unreachable, ServiceError."""
        try:
            response = self._http.post(
                "/v1/score", json=_body(items, rubric, deadline_ms, options), timeout=_timeout(deadline_ms)
            )
        except httpx.TransportError as error:
            raise Unreachable(f"{self._http.base_url}: {type(error).__name__}: {error}") from error
        return _read(response)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncClient:
    """Awaiting client; otherwise as Client."""

    def __init__(self, base_url: str = "http://127.0.0.1:8000") -> None:
        self._http = httpx.AsyncClient(base_url=base_url)

    async def score(
        self,
        items: Sequence[Item],
        rubric: str | Mapping[str, Any] = "r1",
        *,
        deadline_ms: int = DEFAULT_DEADLINE_MS,
        **options: Any,
    ) -> Scored:
        """Score a batch. `options`: `priority`, `evidence`, `on_abstain`. Raises Unreachable, ServiceError."""
        try:
            response = await self._http.post(
                "/v1/score", json=_body(items, rubric, deadline_ms, options), timeout=_timeout(deadline_ms)
            )
        except httpx.TransportError as error:
            raise Unreachable(f"{self._http.base_url}: {type(error).__name__}: {error}") from error
        return _read(response)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()
