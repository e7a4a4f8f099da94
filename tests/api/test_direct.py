"""Routes that are called straight answer as those of the framework do."""

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import Message

from app.api import errors, execute, score
from app.api.compat import openrlhf, sandbox_fusion, slime
from app.api.direct import Direct
from app.queue.room import QueueFull

router = APIRouter()


@router.post("/plain", response_model=None)
async def plain(request: Request) -> Response:
    found = await request.body()
    if found == b"full":
        raise QueueFull("much waits", 3)
    if found == b"bug":
        raise ZeroDivisionError
    return Response(found)


@router.post("/items/{number}", response_model=None)
async def of_framework(request: Request, number: int) -> Response:
    return Response(str(number))


def application() -> Direct:
    app = FastAPI()
    errors.install(app)
    app.include_router(router)
    return Direct(app, [router])


async def call(
    app: Direct, path: str, body: bytes = b"", method: str = "POST"
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "state": {}}
    await app({**scope, "scheme": "http", "server": ("test", 80), "root_path": ""}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


async def test_plain_route() -> None:
    status, _, body = await call(application(), "/plain", b"text")
    assert (status, body) == (200, b"text")


async def test_its_errors_are_answered_by_the_installed_handlers() -> None:
    status, headers, body = await call(application(), "/plain", b"full")
    assert (status, headers[b"retry-after"]) == (429, b"3")
    assert b"much waits" in body


async def test_a_bug_is_raised_for_the_server_to_log() -> None:
    with pytest.raises(ZeroDivisionError):
        await call(application(), "/plain", b"bug")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/items/7", 200), ("POST", "/items/x", 422), ("GET", "/plain", 405), ("POST", "/nowhere", 404)],
)
async def test_the_rest_is_the_frameworks(method: str, path: str, status: int) -> None:
    assert (await call(application(), path, method=method))[0] == status


def test_the_busy_routes_are_called_straight() -> None:
    modules = (score, execute, openrlhf, sandbox_fusion, slime)
    direct = Direct(FastAPI(), [module.router for module in modules])
    assert direct.paths >= {"/v1/score", "/v1/execute", "/get_reward", "/run_code"}
