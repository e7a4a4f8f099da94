"""The HTTP service: routes, errors, what is made at start and closed at the end."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from app import __version__
from app.api import catalogue, errors, execute, health, score
from app.api.auth import BadKeys, KeyRing
from app.api.auth.exposure import OpenToAll, check_exposure
from app.api.auth.gate import Gated
from app.api.compat import llamafactory, nemo_gym, oat, open_instruct, openrlhf, sandbox_fusion, slime
from app.api.direct import Direct
from app.api.heads import Heads
from app.api.jobs import routes as jobs
from app.api.middleware import Observed
from app.api.short import ShortProtocol
from app.api.state import State
from app.rubric import BadRubric, presets, reload
from app.schemas import JobRequest, ScoreRequest
from app.settings import Settings

_DIALECTS = (llamafactory, nemo_gym, oat, open_instruct, openrlhf, sandbox_fusion, slime)
_log = structlog.get_logger(__name__)


class Service(NamedTuple):
    """What answers requests."""

    app: ASGIApp
    protocol: Callable[..., ShortProtocol]
    """Of its connections; `app` answers what goes no shorter way."""


def create(settings: Settings) -> Service:
    """The service; it reaches the queue's server only once it is started. Raises BadKeys, OpenToAll."""
    state = State.create(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await state.dispatcher.start()
        await state.keeper.start()
        _reload_on_hangup(state)
        yield
        await state.keeper.stop()
        await state.dispatcher.stop()
        await state.server.close()

    app = FastAPIOffline(
        title="Assay",
        version=__version__,
        summary="Scores completions of language models with rewards that a program can check.",
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.assay = state
    errors.install(app)
    routers = [module.router for module in (score, jobs, execute, catalogue, health, *_DIALECTS)]
    for router in routers:
        app.include_router(router)
    _describe_request(app)
    whole = Observed(Gated(Direct(app, routers), state.gate, state.metrics), state.metrics, state.inbound)
    return Service(whole, partial(ShortProtocol, state=state, heads=Heads()))


def _reload_on_hangup(state: State) -> None:
    """Read rubrics and API keys again on SIGHUP; a bad file leaves them as they were."""
    settings = state.settings

    def again() -> None:
        try:
            reload()
        except BadRubric as error:
            _log.error("rubrics_not_reloaded", error=str(error))
        else:
            _log.info("rubrics_reloaded", rubrics=list(presets()))
        try:
            ring = KeyRing.load(settings.api_keys_file, settings.api_keys)
            check_exposure(settings, ring)
        except (BadKeys, OpenToAll) as error:
            _log.error("keys_not_reloaded", error=str(error))
        else:
            state.gate.replace(ring)
            _log.info("keys_reloaded", keys=list(ring.keys))

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, again)


def _describe_request(app: FastAPI) -> None:
    """Put the request's schema into the OpenAPI document: the route reads its body itself."""
    original = app.openapi

    def openapi() -> dict[str, object]:
        document = original()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (ScoreRequest, JobRequest):
            if model.__name__ not in schemas:
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas.update(schema.pop("$defs", {}))
                schemas[model.__name__] = schema
        return document

    app.openapi = openapi
