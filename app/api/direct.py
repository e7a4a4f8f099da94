"""Routes that take a request and give its response are called straight: where each request has one item, the
framework's layers between would cost more than all that is ours.

They are the framework's routes too, which documents them and answers what is like them: another method, a slash more.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

_METHOD = "POST"
_PARAMETERS = ["request"]
Handler = Callable[[Request, Exception], Awaitable[Response]]


class Direct:
    """ASGI application before a FastAPI one; answers errors by the handlers that are installed there."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self._app = app
        routes = (route for router in routers for route in router.routes)
        self._routes = {route.path: route for route in routes if isinstance(route, APIRoute) and _is_plain(route)}

    @property
    def paths(self) -> set[str]:
        """Paths of the routes that are called straight."""
        return set(self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == _METHOD else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["app"], scope["route"] = self._app, route
        request = Request(scope, receive, send)
        try:
            response: Response = await route.endpoint(request)
        except Exception as error:  # noqa: BLE001
            response = await self._handler(error)(request, error)
        await response(scope, receive, send)

    def _handler(self, error: Exception) -> Handler:
        """What answers an error; raises one that nothing does, for the server to log and to answer with 500."""
        for kind in type(error).__mro__:
            if kind in self._app.exception_handlers:
                return self._app.exception_handlers[kind]  # pyright: ignore[reportReturnType]
        raise error


def _is_plain(route: APIRoute) -> bool:
    """Whether the function needs nothing but the request, and its answer nothing but to be sent."""
    return (
        route.methods == {_METHOD}
        and not route.param_convertors
        and list(inspect.signature(route.endpoint).parameters) == _PARAMETERS
        and inspect.signature(route.endpoint).return_annotation is Response
    )
