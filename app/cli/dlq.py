"""`assay dlq`: micro-batches that were given up, because their workers died of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from app.cli.console import fail, out
from app.cli.serve import DataDir
from app.cli.settings import load_settings
from app.queue import codec
from app.queue.connection import Entry, Server
from app.queue.keys import DEAD_MAX, Keys
from app.queue.outage import QueueUnavailable

app = typer.Typer(help="Micro-batches that were given up: look at them, try them again, forget them.")
_REPLAY_MS = 60_000
"""Deadline of a replayed micro-batch."""
Id = Annotated[str, typer.Argument(help="Id of a dead letter, or `all`.")]


def _run(action: Callable[[Server, Keys], Awaitable[None]], data_dir: DataDir) -> None:
    settings = load_settings(data_dir=data_dir)

    async def connected() -> None:
        server = Server.of(settings)
        try:
            await action(server, Keys(settings.namespace))
        finally:
            await server.close()

    try:
        asyncio.run(connected())
    except QueueUnavailable as error:
        fail(f"{settings.server_url}: {error}. Name the service's --data-dir, or set REDIS_URL")


@app.command("list")
def list_(count: Annotated[int, typer.Option(help="Newest shown.")] = 50, data_dir: DataDir = None) -> None:
    """Show the newest dead letters."""

    async def action(server: Server, keys: Keys) -> None:
        table = Table()
        for column in ("id", "queue", "batch", "items", "reason"):
            table.add_column(column)
        for id_, fields in await server.entries(keys.dead, count):
            cells = (fields[name].decode() for name in (b"stream", b"batch", b"items", b"reason"))
            table.add_row(id_.decode(), *cells)
        out.print(table if table.row_count else "no dead letters")

    _run(action, data_dir)


@app.command()
def show(id_: Id, data_dir: DataDir = None) -> None:
    """Print a dead letter with its items, as JSON."""

    async def action(server: Server, keys: Keys) -> None:
        for found, fields in await _chosen(server, keys, id_):
            batch = codec.decode_batch(fields[b"payload"])
            about = {name.decode(): value.decode() for name, value in fields.items() if name != b"payload"}
            body = {"id": found.decode(), **about, "batch": msgspec.to_builtins(batch)}
            out.print_json(json.dumps(body, ensure_ascii=False))

    _run(action, data_dir)


@app.command()
def replay(id_: Id, data_dir: DataDir = None) -> None:
    """Put dead letters back into their queues."""

    async def action(server: Server, keys: Keys) -> None:
        for found, fields in await _chosen(server, keys, id_):
            again = msgspec.structs.replace(codec.Envelope.from_fields(fields), ttl_ms=_REPLAY_MS)
            await server.add_all([(fields[b"stream"].decode(), again.fields())])
            await server.delete_entries(keys.dead, [found])
            out.print(f"replayed {found.decode()}", highlight=False)

    _run(action, data_dir)


@app.command()
def purge(id_: Id, data_dir: DataDir = None) -> None:
    """Forget dead letters."""

    async def action(server: Server, keys: Keys) -> None:
        chosen = await _chosen(server, keys, id_)
        gone = await server.delete_entries(keys.dead, [found for found, _ in chosen])
        out.print(f"forgot {gone}", highlight=False)

    _run(action, data_dir)


async def _chosen(server: Server, keys: Keys, id_: str) -> list[Entry]:
    if id_ == "all":
        return await server.entries(keys.dead, DEAD_MAX)
    found = await server.entry(keys.dead, id_)
    if found is None:
        fail(f"no dead letter '{id_}'; see `assay dlq list`")
    return [found]
