"""The queue's server is killed, restarted, paused, emptied or full: who waits is told, and all goes on by itself."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from app.queue.connection import Server
from app.queue.dispatch import Dispatcher
from app.queue.outage import QueueUnavailable, Reason
from app.settings import Settings
from app.supervisor.redis_server import arguments, find_binary
from tests.queue.test_streams import KEYS, answer, consumer, made, submit, take

QUEUE = KEYS.queue("cpu", "online")


class Machine:
    """A real server that can be harmed."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder)
        self.server = Server.of(self.settings)

    def boot(self) -> None:
        self.settings.redis_socket.unlink(missing_ok=True)
        command = arguments(self.settings, find_binary())
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    async def answers(self) -> None:
        while True:
            try:
                return await self.server.ping()
            except QueueUnavailable:
                await asyncio.sleep(0.02)


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncGenerator[Machine]:
    one = Machine(tmp_path)
    one.boot()
    await one.answers()
    yield one
    one.process.send_signal(signal.SIGCONT)
    one.kill()
    await one.server.close()


@pytest.fixture
async def dispatcher(machine: Machine) -> AsyncGenerator[Dispatcher]:
    one = made(machine.server)
    await one.start()
    yield one
    await one.stop()


async def test_work_in_the_queue_survives_a_restart(machine: Machine, dispatcher: Dispatcher):
    worker = consumer(machine.server, "w")
    await worker.create_groups()
    pending = await submit(dispatcher, "a", "b")
    await asyncio.sleep(2.1)  # The append-only file is synced every second.
    machine.kill()
    with pytest.raises(QueueUnavailable):
        await machine.server.ping()
    machine.boot()
    await machine.answers()
    await worker.answer([answer(await take(worker))])
    assert [index async for index in pending.ready()] == [0, 1]


async def test_a_pause_is_waited_out(machine: Machine, dispatcher: Dispatcher):
    worker = consumer(machine.server, "w")
    await worker.create_groups()
    machine.process.send_signal(signal.SIGSTOP)
    submitting = asyncio.create_task(submit(dispatcher, "a", seconds=30))
    await asyncio.sleep(3)
    assert not submitting.done()
    machine.process.send_signal(signal.SIGCONT)
    pending = await submitting
    await worker.answer([answer(await take(worker))])
    assert [index async for index in pending.ready()] == [0]


async def test_lost_work_fails_its_requests_and_new_work_is_done(machine: Machine, dispatcher: Dispatcher):
    worker = consumer(machine.server, "w")
    await worker.create_groups()
    pending = await submit(dispatcher, "a", seconds=60)
    await asyncio.sleep(1.5)  # Its note is there.
    await machine.server.execute([("FLUSHALL",)])
    with pytest.raises(QueueUnavailable) as raised:
        async for _ in pending.ready():
            pass
    assert raised.value.reason is Reason.LOST
    dispatcher.forget(pending)
    again = await submit(dispatcher, "a", "b")
    await worker.answer([answer(await take(worker))])
    assert [index async for index in again.ready()] == [0, 1]


async def test_a_full_server_refuses_work_and_takes_answers(machine: Machine, dispatcher: Dispatcher):
    worker = consumer(machine.server, "w")
    await worker.create_groups()
    pending = await submit(dispatcher, "a" * 100_000, "b" * 100_000)
    while await machine.server.lengths([QUEUE]) != [1]:
        await asyncio.sleep(0.01)
    await machine.server.execute([("CONFIG", "SET", "maxmemory", "1mb")], atomic=False)
    refused = await submit(dispatcher, "c")
    with pytest.raises(QueueUnavailable) as raised:
        async for _ in refused.ready():
            pass
    assert raised.value.reason is Reason.FULL
    dispatcher.forget(refused)
    await worker.answer([answer(await take(worker))])
    assert [index async for index in pending.ready()] == [0, 1]
    assert await machine.server.lengths([QUEUE]) == [0]
    await machine.server.execute([("CONFIG", "SET", "maxmemory", "0")], atomic=False)
    again = await submit(dispatcher, "c")
    await worker.answer([answer(await take(worker))])
    assert [index async for index in again.ready()] == [0]


async def test_a_replica_is_read_only(machine: Machine, dispatcher: Dispatcher):
    await machine.server.execute([("REPLICAOF", "127.0.0.1", "1")], atomic=False)
    pending = await submit(dispatcher, "a")
    with pytest.raises(QueueUnavailable) as raised:
        async for _ in pending.ready():
            pass
    assert raised.value.reason is Reason.READ_ONLY
