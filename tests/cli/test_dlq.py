"""`assay dlq` on a real server with a micro-batch that was given up."""

import os
import subprocess
import sys

import pytest

from app.queue import codec
from app.queue.connection import Server
from app.queue.keys import Keys

KEYS = Keys("assay")
QUEUE = KEYS.queue("cpu", "online")


def dlq(server_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "REDIS_URL": server_url, "COLUMNS": "160"}
    command = [sys.executable, "-m", "app.cli", "dlq", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
async def dead(redis_server: Server) -> str:
    batch = codec.WorkBatch([codec.ComponentWork(0, "format", 1, {})], True, [])
    envelope = codec.Envelope("the-batch", "reply", 1, 0, codec.encode(batch))
    fields = {**envelope.fields(), "stream": QUEUE, "reason": "its workers died"}
    [id_] = await redis_server.add_all([(KEYS.dead, fields)])
    return id_.decode()


async def test_a_dead_letter_is_listed_shown_and_replayed(redis_server: Server, dead: str):
    url = redis_server.url
    listed = dlq(url, "list")
    assert dead in listed.stdout
    assert "its workers died" in listed.stdout
    shown = dlq(url, "show", dead)
    assert '"reward": "format"' in shown.stdout or '"format"' in shown.stdout
    assert dlq(url, "replay", dead).returncode == 0
    assert await redis_server.lengths([KEYS.dead, QUEUE]) == [0, 1]
    assert "no dead letters" in dlq(url, "list").stdout


async def test_dead_letters_are_purged(redis_server: Server, dead: str):
    assert "forgot 1" in dlq(redis_server.url, "purge", "all").stdout
    assert await redis_server.lengths([KEYS.dead, QUEUE]) == [0, 0]


@pytest.mark.parametrize("id_", ["0-1", "nonsense"])
async def test_an_unknown_dead_letter_is_named(redis_server: Server, id_: str):
    done = dlq(redis_server.url, "show", id_)
    assert done.returncode == 1
    assert id_ in done.stderr
