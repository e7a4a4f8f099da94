"""The connections of the hot commands, on a real server."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.queue.connection import Server
from app.queue.link import Line


def line(server: Server, timeout_s: float = 5.0) -> Line:
    return Line(Redis.from_url(server.url).connection_pool.make_connection, timeout_s)


async def test_many_callers_each_get_their_own_answers(redis_server: Server) -> None:
    one = line(redis_server)
    asked = (one.ask(("SET", f"k{n}", n), ("GET", f"k{n}"), ("INCR", f"k{n}")) for n in range(500))
    assert await asyncio.gather(*asked) == [[b"OK", b"%d" % n, n + 1] for n in range(500)]
    one.close()


async def test_an_error_is_its_askers_alone(redis_server: Server) -> None:
    one = line(redis_server)
    good, bad, late = await asyncio.gather(
        one.ask(("PING",)), one.ask(("PING",), ("NONSENSE",)), one.ask(("ECHO", b"x")), return_exceptions=True
    )
    assert (good, late) == ([b"PONG"], [b"x"])
    assert isinstance(bad, ResponseError)
    one.close()


async def test_the_first_error_of_a_transaction_counts(redis_server: Server) -> None:
    one = line(redis_server)
    await one.ask(("CONFIG", "SET", "maxmemory", 1))
    with pytest.raises(OutOfMemoryError):
        await one.ask(("MULTI",), ("XADD", "s", "*", "k", "v"), ("EXEC",))
    one.close()


async def test_a_lost_connection_is_opened_again(redis_server: Server) -> None:
    one = line(redis_server)
    [number] = await one.ask(("CLIENT", "ID"))
    other = line(redis_server)
    await other.ask(("CLIENT", "KILL", "ID", number))
    assert await one.ask(("PING",)) == [b"PONG"]
    one.close()
    other.close()


async def test_a_silent_server_is_not_waited_for(redis_server: Server) -> None:
    one = line(redis_server, timeout_s=0.1)
    with pytest.raises(RedisTimeoutError):
        await one.ask(("BLPOP", "nothing", 0))
    assert await one.ask(("PING",)) == [b"PONG"]
    one.close()


async def test_who_gives_up_waiting_takes_nothing_more(redis_server: Server) -> None:
    one, other = line(redis_server), line(redis_server)
    wait = asyncio.ensure_future(one.wait(("BLPOP", "list", 0)))
    await asyncio.sleep(0.05)
    wait.cancel()
    await asyncio.gather(wait, return_exceptions=True)
    await other.ask(("PING",))
    await asyncio.sleep(0.05)
    assert await other.ask(("RPUSH", "list", "x"), ("LLEN", "list")) == [1, 1]
    one.close()
    other.close()
