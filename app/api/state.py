"""What all routes of one API process share."""

from dataclasses import dataclass

from assay_client.sources import Sources
from fastapi import Request

from app.api.auth import KeyRing
from app.api.auth.exposure import check_exposure
from app.api.auth.gate import Gate
from app.api.compat.sources import load_sources
from app.api.inbound import Inbound
from app.api.jobs.counting import JobCounter
from app.observe.metrics import Metrics
from app.queue.connection import Server
from app.queue.dispatch import Dispatcher
from app.queue.jobs.keeper import Keeper
from app.queue.jobs.store import JobStore
from app.queue.keys import Keys
from app.queue.packing import Limits
from app.queue.room import Room
from app.queue.spool import Spool
from app.settings import Settings


@dataclass(frozen=True)
class State:
    """Made once at start, found by routes through `state_of`."""

    settings: Settings
    server: Server
    keys: Keys
    dispatcher: Dispatcher
    jobs: JobStore
    keeper: Keeper
    limits: Limits
    """Of micro-batches."""
    gate: Gate
    inbound: Inbound
    metrics: Metrics
    sources: Sources

    @classmethod
    def create(cls, settings: Settings) -> "State":
        """Raises BadKeys, OpenToAll."""
        ring = KeyRing.load(settings.api_keys_file, settings.api_keys)
        check_exposure(settings, ring)
        gate = Gate(ring, open_metrics=settings.open_metrics)
        server = Server.of(settings)
        keys = Keys(settings.namespace)
        metrics = Metrics()
        limits = Limits(settings.batch_items, settings.batch_bytes)
        spool = Spool(settings.spool_dir) if settings.spool_dir is not None else None
        dispatcher = Dispatcher(
            server,
            keys,
            limits=limits,
            coalesce_s=settings.coalesce_ms / 1000,
            cache_items=settings.cache_items,
            room=Room(
                server,
                keys,
                most_batches=settings.max_queued_batches,
                most_bytes=settings.max_queued_bytes,
                elsewhere=spool.sizes if spool is not None else None,
            ),
            spool=spool,
            max_requests=settings.max_requests,
            reply_ttl_s=settings.reply_ttl_s,
            on_reuse=metrics.reused,
        )
        jobs = JobStore(server, keys, ttl_s=settings.job_ttl_s, results_ttl_s=settings.job_results_ttl_s)
        keeper = Keeper(server, keys, jobs, window=settings.job_window_items, counted=JobCounter(metrics).count)
        sources = load_sources(settings.sources)
        return cls(
            settings,
            server,
            keys,
            dispatcher,
            jobs,
            keeper,
            limits,
            gate,
            Inbound(settings.max_inbound_bytes),
            metrics,
            sources,
        )


def state_of(request: Request) -> State:
    return request.app.state.assay
