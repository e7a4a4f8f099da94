"""`assay serve`, `assay api`, `assay worker`: the service, whole or in parts."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from app.api.app import create
from app.api.auth import BadKeys, KeyRing
from app.api.auth.exposure import OpenToAll, check_exposure
from app.cli.console import err, fail, out
from app.cli.listen import listening, serve_app
from app.cli.settings import load_settings
from app.observe.logs import configure
from app.rewards.base import LANES
from app.settings import Settings
from app.supervisor.apis import METRICS_ENV, api_processes, hang_up
from app.supervisor.errors import DataDirInUse, NoRedis, StartFailed
from app.supervisor.process import keep
from app.supervisor.supervisor import Supervisor, environment_of
from app.worker.service import Worker

Port = Annotated[int | None, typer.Option("--port", "-p", help="Port of the API. [env: ASSAY_PORT; default: 8000]")]
Host = Annotated[str | None, typer.Option(help="Address to listen on. [env: ASSAY_HOST; default: 127.0.0.1]")]
Processes = Annotated[
    int | None, typer.Option(help="API processes behind the port. [env: ASSAY_API_PROCESSES; default: 1]")
]
NoAuth = Annotated[bool | None, typer.Option("--insecure-no-auth", help="Listen on a public address without API keys.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder for queue data and logs. [env: ASSAY_DATA_DIR; default: .assay]")
]


def serve(
    port: Port = None,
    host: Host = None,
    data_dir: DataDir = None,
    insecure_no_auth: NoAuth = None,
    api_processes: Processes = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes. [env: ASSAY_WORKERS; default: 1]")] = None,
) -> None:
    """Run everything on this machine: queue server, API and workers. Ctrl-C stops it all.

    With REDIS_URL set, that server is used and none is started.
    """
    settings = load_settings(
        port=port,
        host=host,
        data_dir=data_dir,
        workers=workers,
        api_processes=api_processes,
        insecure_no_auth=insecure_no_auth,
    )
    _check_keys(settings)
    configure(settings.log_level, process="supervisor")
    if _in_use(settings):
        fail(f"port {settings.port} of {settings.host} is in use: choose another with --port or ASSAY_PORT")
    try:
        asyncio.run(_serve(Supervisor(settings)))
    except (StartFailed, NoRedis, DataDirInUse) as error:
        fail(str(error))


async def _serve(supervisor: Supervisor) -> None:
    stop = stop_signals()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hang_up, supervisor.apis)
    starting = asyncio.create_task(_run_until(supervisor, stop))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
    if supervisor.ready.is_set() or starting.done():
        await starting
    else:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    stopped.cancel()


def stop_signals() -> asyncio.Event:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _run_until(supervisor: Supervisor, stop: asyncio.Event) -> None:
    async with supervisor.running():
        _say_hello(supervisor)
        await stop.wait()
        err.print("stopping …")


def _say_hello(supervisor: Supervisor) -> None:
    url = supervisor.url
    settings = supervisor.settings
    queue = "embedded, " + str(settings.redis_socket) if supervisor.redis else str(settings.redis_url)
    body = (
        '{"rubric": "r1", "items": [{"prompt": "What is 44 + 41 + 25?", "reference": {"kind": "math", "answer": "110"},'
        ' "completion": "<think>First 44 + 41 is 85. Then 85 + 25 is 110.</think><answer>110</answer>"}]}'
    )
    out.print(f"[bold green]assay[/] is ready on [bold]{url}[/]  (docs: {url}/docs, metrics: {url}/metrics)")
    out.print(f"  workers  {settings.workers} × {settings.children} children", highlight=False)
    out.print(f"  queue    {queue}", highlight=False, soft_wrap=True)
    out.print(f"  logs     {settings.log_dir}", highlight=False, soft_wrap=True)
    out.print("Try:", highlight=False)
    out.print(
        f"  curl -s {url}/v1/score -H 'Content-Type: application/json' -d '{body}'",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )
    out.print("Ctrl-C stops everything.")


def _in_use(settings: Settings) -> bool:
    """Whether the API could not bind; asked first, because its log is a poor place to find that out."""
    try:
        listening(settings.host, settings.port).close()
    except OSError:
        return True
    return False


def _check_keys(settings: Settings) -> None:
    """Whether the service may listen where it is to."""
    try:
        check_exposure(settings, KeyRing.load(settings.api_keys_file, settings.api_keys))
    except (BadKeys, OpenToAll) as error:
        fail(str(error), 2)


def api(port: Port = None, host: Host = None, insecure_no_auth: NoAuth = None, processes: Processes = None) -> None:
    """Run the API alone; workers and Redis run elsewhere."""
    settings = load_settings(port=port, host=host, insecure_no_auth=insecure_no_auth, api_processes=processes)
    _check_keys(settings)
    configure(settings.log_level, process="api")
    if settings.api_processes > 1 and METRICS_ENV not in os.environ:
        asyncio.run(_several(settings))
    else:
        serve_app(create(settings), settings)


async def _several(settings: Settings) -> None:
    """Keep several API processes until told to stop."""
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    processes = api_processes(settings, environment_of(settings))
    stop = stop_signals()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hang_up, processes)
    for process in processes:
        await process.start()
    keepers = [asyncio.create_task(keep(process)) for process in processes]
    await stop.wait()
    for keeper in keepers:
        keeper.cancel()
    await asyncio.gather(
        *keepers, *(process.stop(settings.grace_s + 1.0) for process in processes), return_exceptions=True
    )


def worker(
    lanes: Annotated[str | None, typer.Option(help="Lanes to serve, separated by commas. [default: all]")] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Children. [env: ASSAY_CHILDREN; default: one a core]")
    ] = None,
) -> None:
    """Run one worker; Redis and the API run elsewhere."""
    settings = load_settings(children=concurrency)
    chosen = tuple(lanes.split(",")) if lanes else settings.lanes
    unknown = set(chosen) - set(LANES)
    if unknown:
        fail(f"unknown lanes {', '.join(sorted(unknown))}; there are {', '.join(LANES)}", 2)
    configure(settings.log_level, process="worker")
    uvloop.run(_work(settings, chosen))


async def _work(settings: Settings, lanes: tuple[str, ...]) -> None:
    await Worker(settings, lanes).run()
