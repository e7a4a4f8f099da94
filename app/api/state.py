"""What all routes of one API process share."""

from dataclasses import dataclass, field

from fastapi import Request

from app.observe.metrics import Metrics
from app.queue.connection import Server
from app.queue.dispatch import Dispatcher
from app.queue.keys import Keys
from app.settings import Settings


@dataclass(frozen=True)
class State:
    """Made once at start, found by routes through `state_of`."""

    settings: Settings
    server: Server
    keys: Keys
    dispatcher: Dispatcher
    metrics: Metrics = field(default_factory=Metrics)

    @classmethod
    def create(cls, settings: Settings) -> "State":
        server = Server(settings.server_url)
        keys = Keys(settings.namespace)
        dispatcher = Dispatcher(
            server, keys, max_queued_batches=settings.max_queued_batches, reply_ttl_s=settings.reply_ttl_s
        )
        return cls(settings, server, keys, dispatcher)


def state_of(request: Request) -> State:
    return request.app.state.assay
